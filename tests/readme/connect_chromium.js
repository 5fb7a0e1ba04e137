/* Chromium whose STUN carries the handshake, as connect_sfu.js: the same lines, audio and a data channel.
 *
 * `node connect_chromium.js COUNT SCRATCH`: so many connections, one after the other; SCRATCH is a folder of its own.
 */
"use strict";

const readline = require("readline");
const puppeteer = require("puppeteer-core");

const [count, scratch] = process.argv.slice(2);
const OPTIONS = [
    "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required",
    "--force-fieldtrials=WebRTC-IceHandshakeDtls/Enabled/",
];
const PATIENCE_MS = 20000;

const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();

function say(object) {
    process.stdout.write(`${JSON.stringify(object)}\n`);
}

/* In the page. */
async function offer() {
    const context = new AudioContext();
    const tone = new OscillatorNode(context);
    const audio = context.createMediaStreamDestination();
    tone.connect(audio);
    tone.start();
    globalThis.connection = new RTCPeerConnection();
    connection.addTrack(audio.stream.getAudioTracks()[0]);
    connection.createDataChannel("chat");
    await connection.setLocalDescription(await connection.createOffer());
    return connection.localDescription.sdp;
}

async function connect(answer, patienceMs) {
    const connected = new Promise((resolve, reject) => {
        setTimeout(() => reject(new Error(`ICE ${connection.iceConnectionState}, ${connection.connectionState}`)), patienceMs);
        connection.addEventListener("connectionstatechange", () => connection.connectionState === "connected" && resolve());
    });
    await connection.setRemoteDescription({ type: "answer", sdp: answer });
    await connected;
    for (const entry of (await connection.getStats()).values()) {
        if (entry.type === "transport") {
            return { connectionState: connection.connectionState, dtlsState: entry.dtlsState, tlsVersion: entry.tlsVersion };
        }
    }
    return {};
}

async function main() {
    const browser = await puppeteer.launch({
        browser: "chrome", headless: true, executablePath: "/usr/bin/chromium", userDataDir: scratch, args: OPTIONS, protocolTimeout: 0,
    });
    const page = await browser.newPage();
    for (let i = Number(count); i > 0; i--) {
        say({ offer: await page.evaluate(offer) });
        const { answer } = JSON.parse((await lines.next()).value);
        say({ connected: await page.evaluate(connect, answer, PATIENCE_MS) });
        await lines.next();
        await page.evaluate(() => connection.close());
    }
    browser.process().kill("SIGKILL");
}

main().then(() => process.exit(0), (error) => {
    say({ failure: error.message });
    process.exit(1);
});
