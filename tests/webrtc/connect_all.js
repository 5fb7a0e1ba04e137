/* What happens in a page, or in Node with @roamhq/wrtc: data channels to a server that is reached by WHIP. It is handed to the
 * page as text, so it stands on its own.
 *
 * connectAll({origin, count, atATime, patienceMs, messageBytes, applyTogether, failuresMax}) resolves to one object for each
 * connection: {openMs, appliedMs, echoMs, tlsVersion, cipher, ended} or {failure, ...}. openMs counts from the call that applies
 * the answer, appliedMs is when that call was done. Every other connection is ended by DELETE, and `ended` is how that was
 * answered; the others are just closed. After so many failures those that are left are not tried. */
"use strict";

async function connectAll({ origin, count, atATime, patienceMs, messageBytes, applyTogether, failuresMax }) {
    const within = (promise, what) => {
        let timer;
        const late = new Promise((_, reject) => {
            timer = setTimeout(() => reject(new Error(`${what}: not within ${patienceMs} ms`)), patienceMs);
        });
        return Promise.race([promise, late]).finally(() => clearTimeout(timer));
    };

    const happens = (target, event) => new Promise((resolve) => target.addEventListener(event, resolve, { once: true }));

    const randomBytes = () => {
        const bytes = new Uint8Array(messageBytes);
        for (let i = 0; i < bytes.length; i++) {
            bytes[i] = Math.floor(Math.random() * 256);
        }
        return bytes;
    };

    const offer = async (connection) => {
        await connection.setLocalDescription(await connection.createOffer());
        const response = await fetch(`${origin}/whip`, {
            method: "POST",
            headers: { "Content-Type": "application/sdp" },
            body: connection.localDescription.sdp,
        });
        const text = await response.text();
        if (response.status !== 201) {
            throw new Error(`the offer was answered by ${response.status}: ${text}`);
        }
        return { sdp: text, location: response.headers.get("Location") };
    };

    const echoes = async (channel) => {
        const sent = randomBytes();
        const answered = happens(channel, "message");
        channel.send(sent);
        const received = new Uint8Array((await answered).data);
        if (received.length !== sent.length || received.some((byte, i) => byte !== sent[i])) {
            throw new Error(`${sent.length} bytes came back as ${received.length} others`);
        }
    };

    const transportOf = async (connection) => {
        for (const entry of (await connection.getStats()).values()) {
            if (entry.type === "transport" && entry.tlsVersion) {
                return { tlsVersion: entry.tlsVersion, cipher: entry.dtlsCipher };
            }
        }
        return {};
    };

    const connectOne = async (together, byRequest) => {
        const result = {};
        const connection = new RTCPeerConnection();
        let waits = true;
        try {
            const channel = connection.createDataChannel("echo");
            channel.binaryType = "arraybuffer";
            const opened = happens(channel, "open").then(() => performance.now());
            const answer = await within(offer(connection), "answer");
            waits = false;
            await within(together(), "the others' answers");
            const begun = performance.now();
            await within(connection.setRemoteDescription({ type: "answer", sdp: answer.sdp }), "the answer's application");
            result.appliedMs = performance.now() - begun;
            result.openMs = (await within(opened, "open")) - begun;
            const asked = performance.now();
            await within(echoes(channel), "echo");
            result.echoMs = performance.now() - asked;
            Object.assign(result, await within(transportOf(connection), "getStats"));
            if (byRequest) {
                const ended = fetch(new URL(answer.location, origin), { method: "DELETE" });
                result.ended = (await within(ended, "DELETE")).status;
            }
            connection.close();
        } catch (error) {
            result.failure = `${error.message}; ICE ${connection.iceConnectionState}, DTLS ${connection.connectionState}`;
            connection.close();
            if (waits) {
                together();
            }
        }
        return result;
    };

    /* Those of a wave wait for each other's answers, so that the server meets all of them at once. */
    const meetingOf = (size) => {
        let missing = size;
        let open;
        const all = new Promise((resolve) => {
            open = resolve;
        });
        return () => {
            missing--;
            if (missing === 0) {
                open();
            }
            return applyTogether ? all : undefined;
        };
    };

    const results = [];
    const failed = () => results.filter((result) => "failure" in result).length;
    while (results.length < count && failed() < failuresMax) {
        const size = Math.min(atATime, count - results.length);
        const together = meetingOf(size);
        const wave = Array.from({ length: size }, (_, i) => connectOne(together, (results.length + i) % 2 === 0));
        results.push(...(await Promise.all(wave)));
    }
    while (results.length < count) {
        results.push({ failure: "not tried any more" });
    }
    return results;
}

module.exports = { connectAll };
