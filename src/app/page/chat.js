// The chat: one offer, one answer, two data channels. What tests want to know is in window.ringdtls, and as data-... of <html>.
"use strict";

(() => {
  const OPEN_TIMEOUT_MS = 15000;
  const PING_MS = 1000;
  const CURVE_POINTS = 40;
  const MESSAGES_MAX = 500;
  const PEOPLE_ANSWERED_MAX = 20;   // in a larger room nobody tells everybody that he is here
  const INTRODUCE_MS = 100;
  const HERE_MS = 20000;
  const GONE_MS = 90000;            // who has not been heard of for so long is taken for gone
  const LEAVE_MS = 250;
  const END_MS = 1000;
  const VERSIONS = { FEFC: "DTLS 1.3", FEFD: "DTLS 1.2", FEFF: "DTLS 1.0" };
  const WORDS = {
    idle: "not connected",
    connecting: "connecting …",
    connected: "connected",
    interrupted: "interrupted, waiting …",
    failed: "failed",
  };

  const at = (id) => document.getElementById(id);
  const ringdtls = {
    state: "idle",
    error: null,
    name: null,
    room: null,
    openMs: null,          // from the click to the open channel
    answerToOpenMs: null,  // of that, from the applied answer
    dtlsVersion: null,
    dtlsCipher: null,
    rttMs: null,
    messages: [],          // {name, text, own, delivered}: own ones come back from the room
    people: new Map(),     // id -> name, of the others
    connection: null,
    connect, disconnect, send,
  };
  window.ringdtls = ringdtls;

  let link = null; // all that belongs to one connection; what comes late for another one finds that it is not this any more

  function show() {
    const data = document.documentElement.dataset;
    for (const key of ["state", "error", "name", "room", "openMs", "answerToOpenMs", "dtlsVersion", "dtlsCipher", "rttMs"]) {
      if (ringdtls[key] === null) delete data[key];
      else data[key] = ringdtls[key];
    }
    const busy = link !== null;
    const open = ringdtls.state === "connected";
    at("state").textContent = WORDS[ringdtls.state];
    at("connect").textContent = !busy ? "Connect" : ringdtls.state === "connecting" ? "Cancel" : "Disconnect";
    at("name").disabled = at("room").disabled = busy;
    at("text").disabled = at("send").disabled = !open;
    at("error").hidden = ringdtls.error === null;
    at("error").textContent = ringdtls.error ?? "";
    at("open").firstElementChild.textContent = milliseconds(ringdtls.openMs);
    at("open").lastElementChild.textContent = ringdtls.openMs === null ? "" : `${milliseconds(ringdtls.answerToOpenMs)} after answer`;
    at("rtt").firstElementChild.textContent = milliseconds(ringdtls.rttMs);
    at("dtls").firstElementChild.textContent = ringdtls.dtlsVersion ?? "–";
    at("dtls").lastElementChild.textContent = ringdtls.dtlsCipher ?? "";
    at("title").textContent = ringdtls.room ?? "Messages";
    at("people").textContent = open ? people() : "";
  }

  function milliseconds(value) {
    if (value === null) return "–";
    if (value === 0) return "< 1 ms"; // some browsers' clocks tick that slowly
    return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
  }

  function people() {
    const names = [...ringdtls.people.values()];
    const listed = names.slice(0, 5).join(", ") + (names.length > 5 ? ` and ${names.length - 5} more` : "");
    return names.length === 0 ? "nobody else here" : `with ${listed}`;
  }

  function set(values) {
    Object.assign(ringdtls, values);
    show();
  }

  // Connecting and ending

  async function connect() {
    const clickedMs = performance.now();
    if (link !== null) return;
    if (typeof RTCPeerConnection === "undefined") {
      set({ state: "failed", error: "This browser has no WebRTC, or it is switched off: try another one." });
      return;
    }
    const mine = link = { id: random(), pc: new RTCPeerConnection(), resource: null, timers: [], rtts: [], sent: [], heard: new Map() };
    ringdtls.people.clear();
    set({
      state: "connecting", error: null, openMs: null, answerToOpenMs: null, dtlsVersion: null, dtlsCipher: null, rttMs: null,
      name: at("name").value.trim() || "somebody", room: at("room").value.trim() || "lobby", connection: mine.pc,
    });
    draw([]);
    mine.timers.push(setTimeout(() => fail(mine, `Not open after ${OPEN_TIMEOUT_MS / 1000} s. ${whatIsMissing(mine.pc)}`),
      OPEN_TIMEOUT_MS));
    watch(mine);
    mine.chat = mine.pc.createDataChannel("chat");
    mine.ping = mine.pc.createDataChannel("ping", { ordered: false, maxRetransmits: 0 });
    mine.chat.onopen = () => opened(mine, clickedMs);
    mine.chat.onclose = () => fail(mine, "The server closed the channel: connect again, or try another room if this one is full.");
    mine.chat.onmessage = (event) => { if (link === mine) received(mine, event.data); };
    mine.ping.onopen = () => ping(mine);
    mine.ping.onmessage = (event) => { if (link === mine) measured(mine, Number(event.data)); };
    try {
      await mine.pc.setLocalDescription(await mine.pc.createOffer());
      const sdp = await signal(mine, mine.pc.localDescription.sdp);
      if (link !== mine) return;
      await mine.pc.setRemoteDescription({ type: "answer", sdp });
      mine.answeredMs = performance.now();
    } catch (error) {
      fail(mine, error.message);
    }
  }

  function whatIsMissing(pc) {
    if (pc.signalingState !== "stable") return "The server has not answered the offer.";
    if (!["connected", "completed"].includes(pc.iceConnectionState)) {
      return "No UDP came through: is the server's UDP port reachable from here (firewall, --announce)?";
    }
    return pc.connectionState !== "connected" ? "UDP came through, but the DTLS handshake has not ended."
      : "DTLS is up, but the data channel has not opened.";
  }

  // RFC 9725: the offer is posted, the answer comes back, and so does the address that ends the session.
  async function signal(mine, offer) {
    let response;
    try {
      response = await fetch(`whip?room=${encodeURIComponent(ringdtls.room)}`,
        { method: "POST", headers: { "Content-Type": "application/sdp" }, body: offer });
    } catch {
      throw new Error(`No answer from ${location.host}: is ringdtls running there?`);
    }
    const text = await response.text();
    if (response.status !== 201) {
      const retry = response.headers.get("Retry-After");
      throw new Error(`The server refused (${response.status}): ${text.trim() || response.statusText}` +
        (retry ? `. Try again in ${retry} s.` : ""));
    }
    mine.resource = new URL(response.headers.get("Location"), response.url);
    if (link !== mine) end(mine); // cancelled meanwhile
    return text;
  }

  function watch(mine) {
    mine.pc.onconnectionstatechange = () => {
      if (link !== mine) return;
      const state = mine.pc.connectionState;
      if (state === "failed") fail(mine, mine.opened ? "The connection was lost: connect again."
        : `The connection failed. ${whatIsMissing(mine.pc)}`);
      if (state === "disconnected") set({ state: "interrupted" });
      if (state === "connected" && mine.opened) set({ state: "connected" });
    };
  }

  function opened(mine, clickedMs) {
    if (link !== mine) return;
    const nowMs = performance.now();
    mine.opened = true;
    clearTimeout(mine.timers[0]);
    set({ state: "connected", openMs: nowMs - clickedMs, answerToOpenMs: nowMs - (mine.answeredMs ?? nowMs) });
    tell(mine, { event: "joined" });
    note(`You are in ${ringdtls.room}`);
    mine.timers.push(setInterval(() => ping(mine), PING_MS), setInterval(() => stay(mine), HERE_MS));
    describe(mine);
    remember();
    at("text").focus();
  }

  // By DELETE, and then on our side: the other way round the server would have no such session any more.
  function end(mine) {
    mine.timers.forEach(clearTimeout); // and intervals, which browsers number together
    const close = () => mine.pc.close();
    if (mine.resource === null) {
      close();
      return;
    }
    fetch(mine.resource, { method: "DELETE", keepalive: true }).catch(() => {}).finally(close);
    setTimeout(close, END_MS);
    mine.resource = null;
  }

  function fail(mine, error) {
    if (link !== mine) return;
    link = null;
    end(mine);
    set({ state: "failed", error, connection: null });
  }

  // The room is told, and the connection ends when it has come back that the room has heard it: what is sent just before an end
  // would never leave. A page that goes cannot wait.
  function disconnect(waits = true) {
    if (link === null) return;
    const mine = link;
    link = null;
    set({ state: "idle", error: null, connection: null });
    if (!mine.opened || !waits) {
      end(mine);
      return;
    }
    mine.chat.onclose = null;
    mine.chat.onmessage = (event) => {
      const message = parse(event.data);
      if (message.id === mine.id && message.event === "left") end(mine);
    };
    mine.timers.push(setTimeout(() => end(mine), LEAVE_MS));
    tell(mine, { event: "left" });
  }

  // What the browser says of the transport; some know it a moment later only.
  async function describe(mine, tries = 20) {
    const stats = await mine.pc.getStats();
    if (link !== mine) return;
    for (const entry of stats.values()) {
      if (entry.type === "transport" && entry.tlsVersion) {
        const version = String(entry.tlsVersion).toUpperCase();
        set({ dtlsVersion: VERSIONS[version] ?? version, dtlsCipher: entry.dtlsCipher ?? null });
        return;
      }
    }
    if (tries > 0) mine.timers.push(setTimeout(() => describe(mine, tries - 1), 100));
    else set({ dtlsVersion: "DTLS", dtlsCipher: "this browser does not tell more" });
  }

  // The round trip

  function ping(mine) {
    if (mine.ping.readyState === "open") mine.ping.send(String(performance.now()));
  }

  function measured(mine, sentMs) {
    if (!Number.isFinite(sentMs)) return;
    set({ rttMs: performance.now() - sentMs });
    mine.rtts = [...mine.rtts, ringdtls.rttMs].slice(-CURVE_POINTS);
    draw(mine.rtts);
  }

  function draw(rtts) {
    const top = Math.max(1, ...rtts);
    const points = rtts.map((rtt, i) => `${100 * i / (CURVE_POINTS - 1)},${23 - 22 * rtt / top}`);
    at("curve").firstElementChild.setAttribute("points", points.join(" "));
  }

  // The room: each message is a JSON object with the sender's id and name, and a text or an event.

  function tell(mine, what) {
    if (mine.chat.readyState === "open") mine.chat.send(JSON.stringify({ id: mine.id, name: ringdtls.name, ...what }));
  }

  function send(text) {
    if (link === null || ringdtls.state !== "connected") return false;
    const message = { name: ringdtls.name, text, own: true, delivered: false };
    link.sent.push({ message, item: add(message) });
    tell(link, { text });
    return true;
  }

  // What we said has come back, so the room has heard it. The channel keeps the order.
  function delivered(mine) {
    const first = mine.sent.shift();
    if (first === undefined) return;
    first.message.delivered = true;
    first.item.dataset.delivered = "";
  }

  function parse(data) {
    let value = null;
    try {
      value = JSON.parse(data);
    } catch {
      // Somebody's other program: its text is a message all the same.
    }
    if (value === null || typeof value !== "object") value = { text: typeof data === "string" ? data : "(not text)" };
    const text = (part, max) => typeof part === "string" ? part.slice(0, max) : null;
    return {
      id: text(value.id, 32), name: text(value.name, 32) || "somebody", text: text(value.text, 2000), event: text(value.event, 16),
    };
  }

  function received(mine, data) {
    const message = parse(data);
    if (message.id === mine.id) {
      if (message.text !== null) delivered(mine);
      return;
    }
    if (message.text !== null) {
      meet(mine, message);
      add({ name: message.name, text: message.text, own: false });
    } else if (message.event === "joined") {
      meet(mine, message);
      note(`${message.name} has come`);
      introduce(mine);
    } else if (message.event === "here") {
      meet(mine, message);
    } else if (message.event === "left") {
      part(message.id, "has left");
    }
    show();
  }

  function meet(mine, message) {
    if (message.id === null || ringdtls.people.size >= 1000) return;
    ringdtls.people.set(message.id, message.name);
    mine.heard.set(message.id, performance.now());
  }

  function part(id, words) {
    const name = ringdtls.people.get(id);
    if (ringdtls.people.delete(id)) note(`${name} ${words}`);
  }

  // To whoever has come, once for all who come within a moment.
  function introduce(mine) {
    if (mine.introducing) return;
    mine.introducing = true;
    mine.timers.push(setTimeout(() => {
      mine.introducing = false;
      if (ringdtls.people.size <= PEOPLE_ANSWERED_MAX) tell(mine, { event: "here" });
    }, INTRODUCE_MS));
  }

  // Now and then: we are here, and who else is?
  function stay(mine) {
    introduce(mine);
    const since = performance.now() - GONE_MS;
    for (const id of [...ringdtls.people.keys()]) {
      if (ringdtls.people.size <= PEOPLE_ANSWERED_MAX && mine.heard.get(id) < since) part(id, "is gone");
    }
    show();
  }

  function element(tag, name, text) {
    const made = document.createElement(tag);
    made.className = name;
    made.textContent = text;
    return made;
  }

  function append(item) {
    const list = at("messages");
    const following = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    list.append(item);
    if (list.childElementCount > MESSAGES_MAX) list.firstElementChild.remove();
    if (following) list.scrollTop = list.scrollHeight;
  }

  function note(text) {
    append(element("li", "note", text));
  }

  function add(message) {
    ringdtls.messages = [...ringdtls.messages, message].slice(-MESSAGES_MAX);
    const item = element("li", message.own ? "own" : "", "");
    const who = element("div", "who", message.name);
    who.dataset.hue = [...message.name].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 9973, 7) % 6;
    who.append(element("time", "", new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })));
    item.append(who, element("div", "text", message.text));
    append(item);
    return item;
  }

  // The page

  function random() {
    return [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  // The name for the next time, the room in the address, which others can be given. A browser may refuse to remember.
  function remember() {
    history.replaceState(null, "", `?room=${encodeURIComponent(ringdtls.room)}`);
    try {
      localStorage.setItem("name", ringdtls.name);
    } catch {}
  }

  function remembered() {
    try {
      return localStorage.getItem("name");
    } catch {
      return null;
    }
  }

  at("form").addEventListener("submit", (event) => {
    event.preventDefault();
    if (link === null) connect();
    else disconnect();
  });
  at("write").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = at("text").value.trim();
    if (text !== "" && send(text)) at("text").value = "";
  });
  addEventListener("pagehide", () => disconnect(false));

  const wanted = new URLSearchParams(location.search);
  at("name").value = (wanted.get("name") ?? remembered() ?? `guest-${random().slice(0, 3)}`).slice(0, 32);
  at("room").value = (wanted.get("room") ?? "lobby").slice(0, 32);
  show();
})();
