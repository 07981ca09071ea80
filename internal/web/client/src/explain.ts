/** Milliseconds until an answer that does not come is none. */
const answerTimeout = 5_000;

/** Says in words why a server said nothing at all, as far as that can be found out from here. */
export async function explain(base: string, fetch: typeof globalThis.fetch): Promise<string> {
  const url = `${base}/ws`;
  const page = globalThis.location?.origin;
  const ask = (mode: RequestMode) =>
    fetch(url, { mode, cache: "no-store", signal: AbortSignal.timeout(answerTimeout) }).catch(() => undefined);
  const answer = await ask("cors");
  if (answer) {
    const kind = answer.headers.get("Content-Type") ?? "";
    return kind.includes("problem+json")
      ? `${base} answers, but a WebSocket did not come through: does a proxy in between pass it on?`
      : `${url} answers ${answer.status}, and not as Rowcast: are host, port and path of url right?`;
  }
  if (page && (await ask("no-cors")))
    return `${base} answers, but not for pages of ${page}: is that origin in FRONTEND_URL, and is it Rowcast?`;
  if (page?.startsWith("https:") && base.startsWith("http:"))
    return `${base} cannot be reached: a page over https may not use http`;
  return `${base} cannot be reached: does the server run, are host and port of url right, is there a network?`;
}
