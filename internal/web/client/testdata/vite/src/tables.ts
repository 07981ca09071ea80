// As rowcast types writes it.

export interface Invoice {
  id: number | string;
  number: string;
}

export interface RowsByStem {
  invoice: Invoice;
}

export interface EventData {
  "invoice:created": Invoice;
  "invoice:truncated": { table: string };
}

export interface Tables {
  rows: RowsByStem;
  events: EventData;
}
