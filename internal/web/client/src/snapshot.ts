import type { Row } from "./events.gen.js";

/** Milliseconds until an answer that has no end is given up: the server has half of that. */
const wholeTime = 60_000;

/** The rows of a table as one snapshot of the database has them. */
export interface Snapshot {
  /** The columns of the key. */
  readonly key: readonly string[];
  readonly rows: readonly Row[];
  /** Says whether what a transaction has done is in the rows. */
  sees(tx: string): boolean;
}

/** Why rows were not read. */
export class RowsError extends Error {
  constructor(
    /** As the server calls it: "not-readable", "limit-exceeded". */
    readonly code: string,
    message: string,
    /** After how many milliseconds to try again; undefined: when one wants. */
    readonly retryIn?: number,
    /** The same request is refused again. */
    readonly final = false,
  ) {
    super(message);
  }
}

/** Reads "xmin:xmax:xip,xip", as PostgreSQL writes it. */
export function seenBy(snapshot: string): Snapshot["sees"] {
  const [, xmax = "0", xip = ""] = snapshot.split(":");
  const running = new Set(xip.split(","));
  return (tx) => BigInt(tx) < BigInt(xmax) && !running.has(tx);
}

async function refusal(response: Response): Promise<RowsError> {
  const { status, headers } = response;
  const { code = "unavailable", detail = `/rows answers ${status}` } = await response.json().catch(() => ({}));
  const again = status > 499 || status === 408 || status === 429 || code === "token-expired";
  return new RowsError(code, detail, Number(headers.get("Retry-After")) * 1000 || undefined, !again);
}

/** Reads the answer of /rows. Without its last line it is none. */
export async function readSnapshot(
  fetch: typeof globalThis.fetch,
  url: string,
  token: string,
  abort: AbortController,
): Promise<Snapshot> {
  const timer = setTimeout(() => abort.abort(), wholeTime);
  try {
    const headers = { Authorization: `Bearer ${token}` };
    const response = await fetch(url, { headers, cache: "no-store", signal: abort.signal });
    if (!response.ok || !response.body) throw await refusal(response);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    const rows: Row[] = [];
    let head: { key: string[]; snapshot: string; columns: { name: string }[] } | undefined;
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) throw new RowsError("unavailable", "the rows ended before their end");
      const lines = (rest + value).split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        const said = JSON.parse(line);
        if (said.row) rows.push(said.row);
        else if (said.type === "snapshot") head = said;
        else if (said.type === "error")
          throw new RowsError(said.code, said.message ?? said.code, undefined, said.code === "limit-exceeded");
        else if (said.type === "end" && head) {
          const { key, columns, snapshot } = head;
          if (!key.length || key.some((name) => !columns.some((column) => column.name === name)))
            throw new RowsError(
              "not-readable",
              "rows without every column of their key cannot be listed",
              undefined,
              true,
            );
          return { key, rows, sees: seenBy(snapshot) };
        }
      }
    }
  } finally {
    clearTimeout(timer);
    abort.abort(); // nobody reads what is left
  }
}
