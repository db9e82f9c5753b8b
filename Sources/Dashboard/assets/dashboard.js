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

// Puts what has changed on the server into the parts marked as live. A part in which somebody is at work stays.
function renew(fresh) {
  for (const part of document.querySelectorAll("[data-live]")) {
    const newer = fresh.getElementById(part.id);
    if (!newer) continue;
    showTimes(newer);
    if (part.innerHTML === newer.innerHTML || (part !== document.activeElement && part.contains(document.activeElement))) continue;
    part.replaceChildren(...document.adoptNode(newer).childNodes);
  }
}

async function refresh() {
  if (document.hidden) return;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(10000) });
    if (answer.redirected) location.reload();
    else if (answer.ok) renew(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch {
    // The gateway is away for the moment; the ages of the figures on the page say how old they are.
  }
}

showTimes(document);
setInterval(() => showTimes(document), 10000);
const seconds = Number(document.body.dataset.refresh);
if (seconds > 0) {
  setInterval(refresh, seconds * 1000);
  document.addEventListener("visibilitychange", refresh);
}
