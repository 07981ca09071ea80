// The names of events are chosen by the server, and EventSource wants to know
// each in advance.
const names = [
  "order:created",
  "order:updated",
  "order:deleted",
  "order:status-changed",
  "purchase-order:created",
  "purchase-order:updated",
  "purchase-order:received",
  "purchase-order:status-changed",
  "stock-movement:created",
  "stock:adjusted",
  "alert:low-stock",
];

let source;
let retry;

document.getElementById("login").addEventListener("submit", (event) => {
  event.preventDefault();
  source?.close();
  clearTimeout(retry);
  open({ server: value("server"), tenant: value("tenant"), token: value("token"), cursor: undefined });
});

/** Follows the feed from the cursor, or from now on if there is none. */
async function open(feed) {
  show("connecting");
  let ticket;
  try {
    ticket = await order(feed);
  } catch {
    return again(feed, "the server does not answer");
  }
  if (!ticket) return;
  const url = new URL("/events", feed.server);
  url.searchParams.set("tenant", feed.tenant);
  url.searchParams.set("ticket", ticket);
  if (feed.cursor) url.searchParams.set("cursor", feed.cursor);

  const mine = (source = new EventSource(url));
  const on = (name, handle) =>
    mine.addEventListener(name, (event) => {
      feed.cursor = event.lastEventId;
      handle(JSON.parse(event.data));
    });
  on("joined", () => show("live"));
  on("progress", () => {});
  // The history does not reach back to the cursor: here a page reads its state again.
  on("reset", () => document.getElementById("events").replaceChildren());
  for (const name of names) on(name, row);
  mine.onerror = () => {
    // It tries once more by itself, with the same ticket, and is refused: then
    // it is CLOSED.
    if (mine.readyState === EventSource.CLOSED) again(feed, "the connection is lost");
    else show("connecting");
  };
}

function again(feed, why) {
  show(`${why}, trying again`);
  retry = setTimeout(() => open(feed), 1000 + Math.random() * 1000);
}

/** Answers a ticket for the token; none if the server does not take the token. */
async function order({ server, token }) {
  const answer = await fetch(new URL("/tickets", server), {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
  });
  const body = await answer.json();
  if (!answer.ok) show(`refused: ${body.detail}`);
  return body.ticket;
}

/** Puts an event at the top of the table, which holds the latest 200. */
function row(event) {
  const table = document.getElementById("events");
  const tr = document.createElement("tr");
  for (const text of [event.position, event.event, JSON.stringify(event.data)]) {
    // textContent, never innerHTML: customers choose their names.
    tr.appendChild(document.createElement("td")).textContent = text;
  }
  table.prepend(tr);
  if (table.children.length > 200) table.lastElementChild.remove();
}

function show(state) {
  document.getElementById("state").textContent = state;
}

function value(id) {
  return document.getElementById(id).value.trim();
}
