/* What happens in a page, or in Node with @roamhq/wrtc: data channels to a server that is reached by WHIP. The page gets it as
 * text, so it stands on its own; it leaves `inPage` behind, with
 *
 * connectAll({origin, count, atATime, patienceMs, messageBytes, applyTogether, failuresMax}): one object for each connection,
 *     {openMs, appliedMs, echoMs, tlsVersion, cipher, ended} or {failure, ...}. openMs counts from the call that applies the
 *     answer, appliedMs is when that call was done. Every other connection is ended by DELETE, and `ended` is how that was
 *     answered; the others are just closed. After so many failures those that are left are not tried.
 * exchange({origin, patienceMs, sizes, burst, burstBytes}): one connection with a channel of every kind, over each of which
 *     messages of all sizes and both types are echoed; a burst; a channel that is closed and another one that is opened later.
 * media({origin, patienceMs, lastingMs}): a connection that sends video beside its data channel, and the cipher of that.
 * keep({origin, patienceMs}): a connection that stays, for echoKept({patienceMs}): the milliseconds of one more echo. */
"use strict";

(() => {
    const within = (promise, what, patienceMs) => {
        let timer;
        const late = new Promise((_, reject) => {
            timer = setTimeout(() => reject(new Error(`${what}: not within ${patienceMs} ms`)), patienceMs);
        });
        return Promise.race([promise, late]).finally(() => clearTimeout(timer));
    };

    const happens = (target, event) => new Promise((resolve) => target.addEventListener(event, resolve, { once: true }));

    const randomBytes = (count) => Uint8Array.from({ length: count }, () => Math.floor(Math.random() * 256));

    const offer = async (connection, origin) => {
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

    const channelOf = (connection, label, options) => {
        const channel = connection.createDataChannel(label, options);
        channel.binaryType = "arraybuffer";
        return channel;
    };

    const expectSame = (sent, received) => {
        const same =
            typeof sent === "string"
                ? sent === received
                : sent.length === received.byteLength && new Uint8Array(received).every((byte, i) => byte === sent[i]);
        if (!same) {
            const what = typeof received === "string" ? "characters" : "bytes";
            throw new Error(`${sent.length} came back as ${received.length ?? received.byteLength} other ${what}`);
        }
    };

    const echo = async (channel, message, patienceMs) => {
        const answered = happens(channel, "message");
        channel.send(message);
        const what = `echo of ${message.length} over ${channel.label}`;
        expectSame(message, (await within(answered, what, patienceMs)).data);
    };

    const transportOf = async (connection) => {
        for (const entry of (await connection.getStats()).values()) {
            if (entry.type === "transport" && entry.tlsVersion) {
                return { tlsVersion: entry.tlsVersion, cipher: entry.dtlsCipher, srtpCipher: entry.srtpCipher };
            }
        }
        return {};
    };

    const connectOne = async ({ origin, patienceMs, messageBytes }, together, byRequest) => {
        const result = {};
        const connection = new RTCPeerConnection();
        let isWaitedFor = true;
        try {
            const channel = channelOf(connection, "echo");
            const opened = happens(channel, "open").then(() => performance.now());
            const answer = await within(offer(connection, origin), "answer", patienceMs);
            isWaitedFor = false;
            await within(together(), "the others' answers", patienceMs);
            const begun = performance.now();
            const applied = connection.setRemoteDescription({ type: "answer", sdp: answer.sdp });
            await within(applied, "the answer's application", patienceMs);
            result.appliedMs = performance.now() - begun;
            result.openMs = (await within(opened, "open", patienceMs)) - begun;
            const asked = performance.now();
            await echo(channel, randomBytes(messageBytes), patienceMs);
            result.echoMs = performance.now() - asked;
            Object.assign(result, await within(transportOf(connection), "getStats", patienceMs));
            if (byRequest) {
                const ended = fetch(new URL(answer.location, origin), { method: "DELETE" });
                result.ended = (await within(ended, "DELETE", patienceMs)).status;
            }
        } catch (error) {
            result.failure = `${error.message}; ICE ${connection.iceConnectionState}, DTLS ${connection.connectionState}`;
        }
        connection.close();
        if (isWaitedFor) {
            together();
        }
        return result;
    };

    /* Those of a wave wait for each other's answers, so that the server meets all of them at once. */
    const meetingOf = (size, isWanted) => {
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
            return isWanted ? all : Promise.resolve();
        };
    };

    const connectAll = async (options) => {
        const { count, atATime, applyTogether, failuresMax } = options;
        globalThis.gc?.(); /* Chromium allows 500 connections until those that were closed are collected */
        const results = [];
        const failed = () => results.filter((result) => "failure" in result).length;
        while (results.length < count && failed() < failuresMax) {
            const size = Math.min(atATime, count - results.length);
            const together = meetingOf(size, applyTogether);
            const wave = Array.from({ length: size }, (_, i) => connectOne(options, together, (results.length + i) % 2 === 0));
            results.push(...(await Promise.all(wave)));
        }
        while (results.length < count) {
            results.push({ failure: "not tried any more" });
        }
        return results;
    };

    const KINDS = {
        ordered: {},
        unordered: { ordered: false },
        "three attempts": { maxRetransmits: 3 },
        "one second": { ordered: false, maxPacketLifeTime: 1000 },
        "ein Kanal für Grüße": { protocol: "grüße" },
    };

    /* As fast as the channel takes them; all have to come back, in order. */
    const echoBurst = async (channel, count, bytes, patienceMs) => {
        const sent = randomBytes(bytes);
        let received = 0;
        let wrong = 0;
        const all = new Promise((resolve) => {
            channel.onmessage = ({ data }) => {
                const number = new DataView(data).getUint32(0);
                wrong += number !== received || data.byteLength !== bytes;
                received++;
                if (received === count) {
                    resolve();
                }
            };
        });
        const begun = performance.now();
        for (let i = 0; i < count; i++) {
            new DataView(sent.buffer).setUint32(0, i);
            channel.send(sent);
        }
        await within(all, `burst of ${count}`, patienceMs).catch((error) => {
            throw new Error(`${error.message}, ${received} came back`);
        });
        channel.onmessage = null;
        if (wrong > 0) {
            throw new Error(`${wrong} of a burst came back in another order or length`);
        }
        return performance.now() - begun;
    };

    const closeAndOpen = async (connection, channels, patienceMs) => {
        const closed = happens(channels[0], "close");
        channels[0].close();
        await within(closed, "close", patienceMs);
        const late = channelOf(connection, "late");
        /* @roamhq/wrtc tells no `open` of a channel that is open at once. */
        const isOpen = late.readyState === "open" ? Promise.resolve() : happens(late, "open");
        await within(isOpen, "open of a late channel", patienceMs);
        await echo(late, "late", patienceMs);
    };

    const exchange = async ({ origin, patienceMs, sizes, burst, burstBytes }) => {
        const connection = new RTCPeerConnection();
        try {
            const channels = Object.entries(KINDS).map(([label, options]) => channelOf(connection, label, options));
            const opened = channels.map((channel) => happens(channel, "open"));
            await connection.setRemoteDescription({ type: "answer", sdp: (await offer(connection, origin)).sdp });
            await within(Promise.all(opened), "open", patienceMs);
            let messages = 0;
            for (const channel of channels) {
                for (const size of sizes) {
                    await echo(channel, randomBytes(size), patienceMs);
                    await echo(channel, "ü".repeat(size / 2), patienceMs);
                    messages += 2;
                }
            }
            const burstMs = await echoBurst(channels[0], burst, burstBytes, patienceMs);
            await closeAndOpen(connection, channels, patienceMs);
            return { messages, burstMs, largest: connection.sctp?.maxMessageSize };
        } finally {
            connection.close();
        }
    };

    const media = async ({ origin, patienceMs, lastingMs }) => {
        const connection = new RTCPeerConnection();
        const canvas = document.createElement("canvas");
        const drawing = canvas.getContext("2d");
        const timer = setInterval(() => {
            drawing.fillStyle = `hsl(${Math.floor(Math.random() * 360)} 100% 50%)`;
            drawing.fillRect(0, 0, canvas.width, canvas.height);
        }, 50);
        try {
            const stream = canvas.captureStream(20);
            connection.addTrack(stream.getVideoTracks()[0], stream);
            const channel = channelOf(connection, "echo");
            const opened = happens(channel, "open");
            await connection.setRemoteDescription({ type: "answer", sdp: (await offer(connection, origin)).sdp });
            await within(opened, "open", patienceMs);
            await echo(channel, randomBytes(1000), patienceMs);
            await new Promise((resolve) => setTimeout(resolve, lastingMs));
            return { ...(await transportOf(connection)), state: connection.connectionState };
        } finally {
            clearInterval(timer);
            connection.close();
        }
    };

    let kept;

    const keep = async ({ origin, patienceMs }) => {
        const connection = new RTCPeerConnection();
        const channel = channelOf(connection, "echo");
        const opened = happens(channel, "open");
        await connection.setRemoteDescription({ type: "answer", sdp: (await offer(connection, origin)).sdp });
        await within(opened, "open", patienceMs);
        await echo(channel, randomBytes(1000), patienceMs);
        kept = { connection, channel };
    };

    const echoKept = async ({ patienceMs }) => {
        const begun = performance.now();
        await echo(kept.channel, randomBytes(1000), patienceMs);
        return performance.now() - begun;
    };

    globalThis.inPage = { connectAll, exchange, media, keep, echoKept };
})();
