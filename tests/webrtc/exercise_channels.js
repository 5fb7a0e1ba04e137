/* What an application may do with data channels, in a page; it is handed to the page as text, so it stands on its own.
 *
 * exerciseChannels({origin, bulkBytes}) resolves to {failures: [TEXT], bulkMegabytesPerSecond}. */
"use strict";

async function exerciseChannels({ origin, bulkBytes }) {
    const PATIENCE_MS = 20000;
    const BULK_MESSAGE = 65536;
    const BUFFERED_MAX = 1 << 20;

    const within = (promise, what) => {
        let timer;
        const late = new Promise((_, reject) => {
            timer = setTimeout(() => reject(new Error(`${what}: not within ${PATIENCE_MS} ms`)), PATIENCE_MS);
        });
        return Promise.race([promise, late]).finally(() => clearTimeout(timer));
    };
    const happens = (target, event) => within(new Promise((resolve) => target.addEventListener(event, resolve, { once: true })), event);
    /* wrtc has events for the first channel alone. */
    const becomes = async (holds, what) => {
        const begun = performance.now();
        while (!holds()) {
            if (performance.now() - begun > PATIENCE_MS) {
                throw new Error(`${what}: not within ${PATIENCE_MS} ms`);
            }
            await new Promise((resolve) => setTimeout(resolve, 1));
        }
    };

    const connect = async (room, label, options) => {
        const connection = new RTCPeerConnection();
        const channel = connection.createDataChannel(label, options);
        channel.binaryType = "arraybuffer";
        const opened = happens(channel, "open");
        await connection.setLocalDescription(await connection.createOffer());
        const response = await fetch(`${origin}/whip?room=${room}`, {
            method: "POST",
            headers: { "Content-Type": "application/sdp" },
            body: connection.localDescription.sdp,
        });
        await connection.setRemoteDescription({ type: "answer", sdp: await response.text() });
        await opened;
        return { connection, channel };
    };
    const open = async (connection, label, options) => {
        const channel = connection.createDataChannel(label, options);
        channel.binaryType = "arraybuffer";
        await becomes(() => channel.readyState === "open", "open");
        return channel;
    };
    const same = (sent, received) =>
        typeof sent === "string"
            ? sent === received
            : received instanceof ArrayBuffer &&
              received.byteLength === sent.byteLength &&
              new Uint8Array(received).every((byte, i) => byte === sent[i]);
    const echo = async (channel, message) => {
        const answered = happens(channel, "message");
        channel.send(message);
        if (!same(message, (await answered).data)) {
            throw new Error("came back as something else");
        }
    };
    const bytes = (length) => Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8) + length) & 255);

    const exercises = {
        "every size, text and binary": async ({ channel }) => {
            for (const length of [0, 1, 1200, 16384, 65535, 65536, 100000, 262144]) {
                await echo(channel, bytes(length));
            }
            for (const text of ["", "x", "snö och 雪", "y".repeat(262144)]) {
                await echo(channel, text);
            }
        },
        "every reliability": async ({ connection }) => {
            const kinds = [{ ordered: false }, { maxRetransmits: 0 }, { maxRetransmits: 3, ordered: false },
                { maxPacketLifeTime: 1000 }, { maxPacketLifeTime: 1000, ordered: false }, { protocol: "p".repeat(1000) }];
            for (const kind of kinds) {
                const channel = await open(connection, "echo", kind);
                await echo(channel, bytes(5000));
                channel.close();
            }
        },
        "a channel that was agreed upon": async ({ connection }) => {
            await echo(await open(connection, "any", { negotiated: true, id: 200 }), "hello");
        },
        "many channels, closed and opened anew": async ({ connection }) => {
            for (let round = 0; round < 3; round++) {
                const channels = await Promise.all(Array.from({ length: 50 }, (_, i) => open(connection, `echo ${i}`)));
                await Promise.all(channels.map((channel, i) => echo(channel, bytes(i))));
                const closed = channels.map((channel) => happens(channel, "close"));
                channels.forEach((channel) => channel.close());
                await Promise.all(closed);
            }
        },
        "all of a room hear each other": async () => {
            const room = `room-${Math.floor(Math.random() * 1e9)}`;
            const here = await Promise.all([1, 2, 3].map(() => connect(room, "chat")));
            const elsewhere = await connect("elsewhere", "chat");
            let strays = 0;
            elsewhere.channel.addEventListener("message", () => strays++);
            await new Promise((resolve) => setTimeout(resolve, 100)); /* each is in its room when its OPEN has arrived */
            for (const speaker of here) {
                const heard = here.map(({ channel }) => happens(channel, "message"));
                speaker.channel.send("good morning");
                if ((await Promise.all(heard)).some((event) => event.data !== "good morning")) {
                    throw new Error("something else was heard");
                }
            }
            [...here, elsewhere].forEach(({ connection }) => connection.close());
            if (strays > 0) {
                throw new Error(`${strays} messages in another room`);
            }
        },
    };

    /* As fast as it goes, with the window that an application would leave open. */
    const bulk = async ({ connection }) => {
        const channel = await open(connection, "bulk");
        const count = Math.ceil(bulkBytes / BULK_MESSAGE);
        const message = bytes(BULK_MESSAGE);
        const numbers = new DataView(message.buffer);
        let received = 0;
        const all = new Promise((resolve, reject) => {
            channel.addEventListener("message", ({ data }) => {
                if (new DataView(data).getUint32(0) !== received || data.byteLength !== BULK_MESSAGE) {
                    reject(new Error(`message ${received} is another`));
                }
                received++;
                if (received === count) {
                    resolve();
                }
            });
        });
        const begun = performance.now();
        for (let i = 0; i < count; i++) {
            await becomes(() => channel.bufferedAmount < BUFFERED_MAX, "room for more");
            numbers.setUint32(0, i);
            channel.send(message);
        }
        await within(all, `${count} messages, of which ${received} have come back`);
        return (count * BULK_MESSAGE) / 1000 / (performance.now() - begun);
    };

    const failures = [];
    const session = await connect("lobby", "echo");
    for (const [name, exercise] of Object.entries(exercises)) {
        try {
            await exercise(session);
        } catch (error) {
            failures.push(`${name}: ${error.message}`);
        }
    }
    let bulkMegabytesPerSecond = 0;
    try {
        bulkMegabytesPerSecond = await bulk(session);
    } catch (error) {
        failures.push(`bulk: ${error.message}`);
    }
    session.connection.close();
    return { failures, bulkMegabytesPerSecond };
}

module.exports = { exerciseChannels };
