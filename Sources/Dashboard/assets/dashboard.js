// What the pages gain by a script: times in the viewer's zone with their age, and live parts.
"use strict";

const zone = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

// "3 minutes ago"
function age(moment) {
  const seconds = (moment - Date.now()) / 1000;
  const [unit, size] = units.find(([, size]) => Math.abs(seconds) >= size) || units[3];
  return relative.format(Math.round(seconds / size), unit);
}

function showTimes(root) {
  for (const element of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(element.dateTime);
    if (isNaN(moment)) continue;
    element.textContent = age(moment);
    element.title = zone.format(moment);
  }
}

// The page is as the gateway has it now.
function isCurrent() {
  const moment = document.querySelector("#asof time");
  if (!moment) return;
  moment.dateTime = new Date().toISOString();
  showTimes(moment.parentElement);
}

// The live parts as the server sent them: the ages that are shown beside are no change.
const sent = new Map();
for (const part of document.querySelectorAll("[data-live]")) sent.set(part.id, part.innerHTML);

// Puts what has changed on the server into the parts marked as live. A part in which somebody is at work stays.
function renew(fresh) {
  for (const part of document.querySelectorAll("[data-live]")) {
    const newer = fresh.getElementById(part.id);
    if (!newer || sent.get(part.id) === newer.innerHTML) continue;
    if (part !== document.activeElement && part.contains(document.activeElement)) continue;
    sent.set(part.id, newer.innerHTML);
    showTimes(newer);
    part.replaceChildren(...document.adoptNode(newer).childNodes);
  }
}

// The page's stream; none while nobody looks, since a browser has few connections to one server.
let stream = null;

function follow() {
  if (document.hidden || stream) {
    if (document.hidden && stream) {
      stream.close();
      stream = null;
    }
    return;
  }
  stream = new EventSource("/live?page=" + encodeURIComponent(location.pathname + location.search));
  stream.addEventListener("page", event => {
    renew(new DOMParser().parseFromString(event.data, "text/html"));
    isCurrent();
  });
  stream.addEventListener("same", isCurrent);
  stream.addEventListener("error", () => {
    // The browser comes again by itself, unless it was refused: then it is tried later, or the session is over.
    if (stream.readyState !== EventSource.CLOSED) return;
    stream = null;
    setTimeout(lookAgain, 5000);
  });
}

async function lookAgain() {
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.redirected) location.reload();
    else follow();
  } catch {
    // The gateway is away for the moment; the ages of the figures on the page say how old they are.
    setTimeout(lookAgain, 5000);
  }
}

showTimes(document);
setInterval(() => showTimes(document), 10000);
if (document.body.hasAttribute("data-live-page")) {
  follow();
  document.addEventListener("visibilitychange", follow);
}
