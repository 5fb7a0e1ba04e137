/* A real libwebrtc (@roamhq/wrtc) that connects to whoever answers its offer: audio and a data channel.
 *
 * On standard output, a line of JSON each: {offer}, then, when the line {answer} has come, {connected: {...}} or {failure}.
 * `node connect_sfu.js COUNT`: so many connections, one after the other.
 */
"use strict";

const readline = require("readline");
const { RTCPeerConnection, nonstandard } = require("@roamhq/wrtc");

const PATIENCE_MS = 20000;
const FRAME = { sampleRate: 48000, samples: new Int16Array(480), bitsPerSample: 16, channelCount: 1, numberOfFrames: 480 };

const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();

function say(object) {
    process.stdout.write(`${JSON.stringify(object)}\n`);
}

function connected(connection) {
    return new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`ICE ${connection.iceConnectionState}, ${connection.connectionState}`)), PATIENCE_MS);
        connection.addEventListener("connectionstatechange", () => {
            if (connection.connectionState === "connected") {
                clearTimeout(late);
                resolve();
            } else if (connection.connectionState === "failed") {
                reject(new Error("connectionState failed"));
            }
        });
    });
}

async function transportOf(connection) {
    for (const entry of (await connection.getStats()).values()) {
        if (entry.type === "transport") {
            return { dtlsState: entry.dtlsState, tlsVersion: entry.tlsVersion, srtpCipher: entry.srtpCipher };
        }
    }
    return {};
}

async function connectOnce() {
    const connection = new RTCPeerConnection();
    const source = new nonstandard.RTCAudioSource();
    const track = source.createTrack();
    const frames = setInterval(() => source.onData(FRAME), 10);
    try {
        connection.addTrack(track);
        connection.createDataChannel("chat");
        await connection.setLocalDescription(await connection.createOffer());
        say({ offer: connection.localDescription.sdp });
        const { answer } = JSON.parse((await lines.next()).value);
        const is = connected(connection);
        await connection.setRemoteDescription({ type: "answer", sdp: answer });
        await is;
        say({ connected: { connectionState: connection.connectionState, ...(await transportOf(connection)) } });
        await lines.next();
    } finally {
        clearInterval(frames);
        track.stop();
        connection.close();
    }
}

async function main() {
    for (let count = Number(process.argv[2]); count > 0; count--) {
        await connectOnce();
    }
}

main().then(() => process.exit(0), (error) => {
    say({ failure: error.message });
    process.exit(1);
});
