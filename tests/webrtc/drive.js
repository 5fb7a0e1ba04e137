/* drive.js WHICH SCRATCH: one client, told by lines of JSON on its input what to do; each is answered by a line of JSON.
 *
 * WHICH is chromium, chromium-sped, firefox, firefox-1.2 or wrtc; SCRATCH a folder of its own, for profiles. Orders:
 * {"call": NAME of a function of in_page.js, "with": its options, "stay": whether on the page as it is}
 * {"open": URL} in the one page that there is
 * {"type": TEXT, "into": SELECTOR}, {"click": SELECTOR}: as a user does
 * {"wait": EXPRESSION that becomes true, "ms": at most}, {"evaluate": EXPRESSION}
 * {"screenshot": PATH}, {"complaints": true}: what went wrong in the page until now
 * Ends with its input, and the browser with it. */
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const readline = require("node:readline");

const IN_PAGE = path.join(__dirname, "in_page.js");

const CHROMIUM = "/usr/bin/chromium";
const FIREFOX = "/usr/bin/firefox-esr";
/* Root may run it, in a container, without a display; and it looks for nobody but us. */
const CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
    "--js-flags=--expose-gc",
];
/* What is to come: DTLS inside STUN, with a server that can, and SCTP's handshake inside SDP. */
const SPED = "--force-fieldtrials=WebRTC-IceHandshakeDtls/Enabled/WebRTC-Sctp-Snap/Enabled/";
const FIREFOX_PREFERENCES = {
    "app.normandy.enabled": false,
    "app.update.enabled": false,
    "datareporting.policy.dataSubmissionEnabled": false,
    "network.captive-portal-service.enabled": false,
    "network.connectivity-service.enabled": false,
    "privacy.reduceTimerPrecision": false,
    "services.settings.server": "data:,",
    "toolkit.telemetry.enabled": false,
};
const DTLS_1_2 = 771;
const START_MS = 90000; /* a machine may have other work to do */
const VIEW = { width: 900, height: 700 };

function launchOptions(which, scratch) {
    const userDataDir = path.join(scratch, "profile");
    const common = { headless: true, timeout: START_MS, protocolTimeout: 0, defaultViewport: VIEW, userDataDir };
    if (which.startsWith("chromium")) {
        const args = which === "chromium-sped" ? [...CHROMIUM_OPTIONS, SPED] : CHROMIUM_OPTIONS;
        return { ...common, browser: "chrome", executablePath: CHROMIUM, args };
    }
    const version = which === "firefox-1.2" ? { "media.peerconnection.dtls.version.max": DTLS_1_2 } : {};
    return {
        ...common,
        browser: "firefox",
        executablePath: FIREFOX,
        extraPrefsFirefox: { ...FIREFOX_PREFERENCES, ...version },
        env: { ...process.env, HOME: scratch },
    };
}

async function openBrowser(which, scratch) {
    const browser = await require("puppeteer-core").launch(launchOptions(which, scratch));
    const page = await browser.newPage();
    const inPage = fs.readFileSync(IN_PAGE, "utf8");
    const complaints = [];
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    return {
        version: await browser.version(),
        call: async (name, order) => {
            if (!order.stay) {
                await page.goto(`${order.with.origin}/`);
                await page.evaluate(inPage);
            }
            return page.evaluate((name, options) => globalThis.inPage[name](options), name, order.with);
        },
        open: async (url) => void (await page.goto(url)),
        type: (text, { into }) => page.type(into, text),
        click: (selector) => page.click(selector),
        wait: async (expression, { ms }) => void (await page.waitForFunction(expression, { timeout: ms })),
        evaluate: (expression) => page.evaluate(expression),
        complaints: async () => complaints,
        screenshot: async (file) => void (await page.screenshot({ path: file })),
        /* Asked to close in good order, Firefox takes five seconds. */
        close: () => browser.process().kill("SIGKILL"),
    };
}

function openLibrary() {
    const wrtc = require("@roamhq/wrtc");
    globalThis.RTCPeerConnection = wrtc.RTCPeerConnection;
    require(IN_PAGE);
    return {
        version: `@roamhq/wrtc ${require("@roamhq/wrtc/package.json").version}`,
        call: (name, order) => globalThis.inPage[name](order.with),
        close: () => {},
    };
}

async function main() {
    const [which, scratch] = process.argv.slice(2);
    const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);
    const client = which === "wrtc" ? openLibrary() : await openBrowser(which, scratch);
    say({ version: client.version });
    for await (const line of readline.createInterface({ input: process.stdin })) {
        const order = JSON.parse(line);
        const [verb] = Object.keys(order);
        try {
            say({ value: await client[verb](order[verb], order) });
        } catch (error) {
            say({ failure: error.message });
        }
    }
    await client.close();
    process.exit(0); /* the library's threads would keep us */
}

main().catch((error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
});
