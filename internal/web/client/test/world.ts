import type { random } from "./random.js";

export interface WorldRow {
  id: number;
  status: string;
  n: number;
  [column: string]: unknown;
}

type Kind = "insert" | "update" | "delete" | "truncate" | "bulk" | "unreadable" | "replay";

/** What a transaction did to a row, or to all of them. */
interface Op {
  tx: number;
  kind: Kind;
  before?: WorldRow;
  after?: WorldRow;
  /** Of a statement with many rows, each of them. */
  many?: Op[];
}

/** A mistake that a server, or a client that is blind for something, would make. */
export type Mistake =
  | "snapshot ignored"
  | "rows before their snapshot"
  | "left ignored"
  | "previous ignored"
  | "bulk ignored"
  | "truncated ignored"
  | "reset ignored"
  | "replayed is updated";

export interface Shot {
  rows: WorldRow[];
  sees(tx: number): boolean;
  text: string;
}

/**
 * A table with writers, whose transactions overlap, and its feed. A row that a transaction has written is locked until
 * it ends.
 */
export class World {
  private next = 100;
  private ids = 0;
  private committed = new Map<number, WorldRow>();
  private current = new Map<number, WorldRow>();
  private readonly open = new Map<number, Op[]>();
  private unsealed: Op[] = [];
  private base: WorldRow[] = [];
  private saved: { rows: WorldRow[]; next: number } | undefined;
  /** The sealed changes, in their order. A position is an index and one more. */
  log: Op[] = [];
  floor = 0;
  epoch = 0;

  constructor(
    private readonly chance: ReturnType<typeof random>,
    /** The values of status that are wanted; none: all. */
    private readonly wanted: string[] | undefined,
    private readonly mistake?: Mistake,
  ) {}

  wants = (row: WorldRow | undefined) => !!row && (!this.wanted || this.wanted.includes(row.status));

  private status = () => ["open", "held", "done"][this.chance.below(3)]!;

  /** Begins a transaction, or goes on with one. */
  write(): void {
    const { below } = this.chance;
    const txs = [...this.open.keys()];
    const tx = txs.length && below(2) ? txs[below(txs.length)]! : this.next++;
    const ops = this.open.get(tx) ?? [];
    this.open.set(tx, ops);
    const locked = new Set([...this.open].filter(([other]) => other !== tx).flatMap(([, o]) => idsOf(o)));
    if (locked.has(Infinity)) return;
    const free = [...this.current.values()].filter(({ id }) => !locked.has(id));
    const one = free[below(free.length || 1)];
    const touch = (kind: Kind, before?: WorldRow, after?: WorldRow): Op => {
      if (before) this.current.delete(before.id);
      if (after) this.current.set(after.id, after);
      return { tx, kind, ...(before && { before }), ...(after && { after }) };
    };
    const changed = (row: WorldRow) => ({ ...row, status: this.status(), n: row.n + 1 });
    const act = below(12);
    if (act < 4) ops.push(touch("insert", undefined, { id: ++this.ids, status: this.status(), n: 0 }));
    else if (act < 7 && one) ops.push(touch("update", one, changed(one)));
    else if (act === 7 && one) ops.push(touch("update", one, { ...changed(one), id: ++this.ids }));
    else if (act === 8 && one) ops.push(touch("delete", one));
    else if (act === 9 && one) ops.push(touch(below(2) ? "unreadable" : "replay", one, one));
    else if (act === 10 && free.length > 1)
      ops.push({ tx, kind: "bulk", many: free.map((row) => touch("update", row, changed(row))) });
    else if (act === 11 && !locked.size && below(2)) {
      this.current.clear();
      ops.push({ tx, kind: "truncate" });
    }
  }

  /** Ends a transaction. */
  end(): number | undefined {
    const txs = [...this.open.keys()];
    const tx = txs[this.chance.below(txs.length || 1)];
    if (tx === undefined) return undefined;
    const ops = this.open.get(tx)!;
    this.open.delete(tx);
    if (this.chance.below(5) === 0) {
      const ids = idsOf(ops);
      if (ids.includes(Infinity)) this.current = new Map(this.committed);
      for (const id of ids) this.current.delete(id);
      for (const id of ids) if (this.committed.has(id)) this.current.set(id, this.committed.get(id)!);
      return undefined;
    }
    for (const op of ops) replay(this.committed, op);
    this.unsealed.push(...ops);
    return ops.some((op) => this.eventsOf(op, 0).length) ? tx : undefined;
  }

  seal(): void {
    this.log.push(...this.unsealed);
    this.unsealed = [];
  }

  get quiet() {
    return !this.open.size && !this.unsealed.length;
  }

  snapshot(): Shot {
    const running = [...this.open.keys()];
    const before = this.next;
    return {
      rows: [...this.committed.values()].filter(this.wants),
      sees: (tx) => tx < before && !running.includes(tx),
      text: this.mistake === "snapshot ignored" ? "1:1:" : `${running[0] ?? before}:${before}:${running.join()}`,
    };
  }

  /** The rows that a client has which has had a snapshot and the sealed changes up to a position. */
  rowsAt(shot: Shot, position: number): WorldRow[] {
    const rows = new Map(this.base.map((row) => [row.id, row]));
    [...this.log, ...this.unsealed].forEach((op, i) => {
      if (i < position || shot.sees(op.tx)) replay(rows, op);
    });
    return [...rows.values()].filter(this.wants);
  }

  rows = () => [...this.committed.values()].filter(this.wants);

  /** The history before now is gone. */
  forget(): void {
    this.floor = this.log.length;
  }

  save(): void {
    this.saved = { rows: [...this.committed.values()], next: this.next };
  }

  /** The database is what it was when it was saved: transactions since have not been. */
  restore(): void {
    if (!this.saved) return;
    this.epoch++;
    this.open.clear();
    this.base = this.saved.rows;
    this.next = this.saved.next;
    this.saved = undefined;
    this.committed = new Map(this.base.map((row) => [row.id, row]));
    this.current = new Map(this.committed);
    this.log = [];
    this.unsealed = [];
    this.floor = 0;
  }

  cursor = (position: number) => `${this.epoch}.${position}`;

  /** The events of a change, as the feed with the filter has them. */
  eventsOf(op: Op, position: number): object[] {
    const { tx, kind, before, after } = op;
    const [was, is] = [this.wants(before), this.wants(after)];
    const event = (verb: string, data: unknown, more: object = {}) => ({
      type: "event",
      event: `order:${verb}`,
      tenantId: "T",
      position,
      cursor: this.cursor(position),
      at: "2026-01-02T03:04:05.678901Z",
      data,
      source: { table: "orders", op: kind, tx: String(tx), writer: "w" },
      ...more,
    });
    const { mistake } = this;
    switch (kind) {
      case "insert":
        return is ? [event("created", after)] : [];
      case "delete":
        return was ? [event("deleted", before)] : [];
      case "truncate":
        return mistake === "truncated ignored" ? [] : [event("truncated", { table: "orders" })];
      case "bulk":
        return mistake === "bulk ignored" ? [] : [event("bulk", { operation: "update", table: "orders" })];
      case "unreadable":
        return [event("unreadable", { reason: "size" }, { unreadable: true })];
      case "replay":
        return is ? [event(mistake === "replayed is updated" ? "updated" : "replayed", { ...after, n: -1 })] : [];
      case "update": {
        if (!was && !is) return [];
        const derived = before!.status !== after!.status ? [event("status-changed", { orderId: after!.id })] : [];
        if (!is && mistake === "left ignored") return derived;
        const previous = mistake === "previous ignored" ? {} : before;
        const row = is
          ? event("updated", after, was ? { changed: ["n"], previous } : { match: "entered" })
          : event("updated", before, { match: "left" });
        return [row, ...derived];
      }
    }
  }
}

/** The rows that changes have touched; infinity is all. */
const idsOf = (ops: Op[]): number[] =>
  ops.flatMap(({ kind, before, after, many }) =>
    kind === "truncate" ? [Infinity] : many ? idsOf(many) : [before?.id, after?.id].filter((id) => id !== undefined),
  );

function replay(rows: Map<number, WorldRow>, { kind, before, after, many }: Op): void {
  if (kind === "truncate") return rows.clear();
  if (many) return many.forEach((op) => replay(rows, op));
  if (before) rows.delete(before.id);
  if (after) rows.set(after.id, after);
}
