/** The row of a table outside the catalogue. */
export type Row = Record<string, unknown>;
/** A row of stock_movements. */
export interface StockMovement {
    id: string;
    tenant_id: string;
    sku_id: string;
    movement_type: string;
    quantity: number;
    reason: string;
    reference: string;
    created_by: string | null;
    created_at: string;
    updated_at: string;
}
/** A row of orders. */
export interface Order {
    id: string;
    tenant_id: string;
    order_number: string;
    customer: string;
    status: string;
    total: number;
    created_at: string;
    updated_at: string;
    warehouse: string;
}
/** A row of purchase_orders. */
export interface PurchaseOrder {
    id: string;
    tenant_id: string;
    po_number: string;
    supplier_id: string;
    status: string;
    total: number;
    expected_on: string | null;
    created_at: string;
    updated_at: string;
}
/** A row of skus. */
export interface Sku {
    id: string;
    tenant_id: string;
    product_id: string;
    sku: string;
    name: string;
    quantity: number;
    low_stock_threshold: number;
    price: number;
    cost: number;
    created_at: string;
    updated_at: string;
    warehouse: string;
}
/** The rows by the stem of their events. */
export interface RowsByStem {
    "stock-movement": StockMovement;
    order: Order;
    "purchase-order": PurchaseOrder;
    sku: Sku;
}
/** The data of each event. */
export interface EventData {
    "stock-movement:created": StockMovement;
    /** When movement_type is adjustment. */
    "stock:adjusted": {
        skuId: string;
        movementId: string;
        quantity: number;
        reason: string;
        movement: StockMovement;
    };
    "stock-movement:updated": StockMovement;
    "stock-movement:deleted": StockMovement;
    "stock-movement:bulk": {
        operation: "insert" | "update" | "delete" | "truncate" | "unordered";
        table: string;
        count: number;
        from: number;
        to: number;
    };
    "stock-movement:truncated": {
        table: string;
    };
    "stock-movement:replayed": StockMovement;
    "stock-movement:unreadable": {
        operation: string;
        table: string;
        reason: "decoding" | "mapping" | "encoding" | "size";
    };
    "order:created": Order;
    "order:updated": Order;
    "order:deleted": Order;
    /** When status changes. */
    "order:status-changed": {
        orderId: string;
        status: string;
        previousStatus: string;
        order: Order;
    };
    "order:bulk": {
        operation: "insert" | "update" | "delete" | "truncate" | "unordered";
        table: string;
        count: number;
        from: number;
        to: number;
    };
    "order:truncated": {
        table: string;
    };
    "order:replayed": Order;
    "order:unreadable": {
        operation: string;
        table: string;
        reason: "decoding" | "mapping" | "encoding" | "size";
    };
    "purchase-order:created": PurchaseOrder;
    "purchase-order:updated": PurchaseOrder;
    "purchase-order:deleted": PurchaseOrder;
    /** When status changes. */
    "purchase-order:status-changed": {
        purchaseOrderId: string;
        status: string;
        previousStatus: string;
        purchaseOrder: PurchaseOrder;
    };
    /** When status changes to received. */
    "purchase-order:received": PurchaseOrder;
    "purchase-order:bulk": {
        operation: "insert" | "update" | "delete" | "truncate" | "unordered";
        table: string;
        count: number;
        from: number;
        to: number;
    };
    "purchase-order:truncated": {
        table: string;
    };
    "purchase-order:replayed": PurchaseOrder;
    "purchase-order:unreadable": {
        operation: string;
        table: string;
        reason: "decoding" | "mapping" | "encoding" | "size";
    };
    /** When quantity goes from above low_stock_threshold to at or below it. */
    "alert:low-stock": {
        skuId: string;
        sku: string;
        quantity: number;
        threshold: number;
    };
    "sku:created": Sku;
    "sku:updated": Sku;
    "sku:deleted": Sku;
    "sku:bulk": {
        operation: "insert" | "update" | "delete" | "truncate" | "unordered";
        table: string;
        count: number;
        from: number;
        to: number;
    };
    "sku:truncated": {
        table: string;
    };
    "sku:replayed": Sku;
    "sku:unreadable": {
        operation: string;
        table: string;
        reason: "decoding" | "mapping" | "encoding" | "size";
    };
    /** Coalesced: at most once a second and tenant. */
    "dashboard:stats-updated": {
        reasons: string[];
    };
}
/** The tables, for createFeed<Tables>(). */
export interface Tables {
    rows: RowsByStem;
    events: EventData;
}
/** The data of the events of any other watched table, by what follows its name. */
export interface AnyEventData {
    "created": Row;
    "updated": Row;
    "deleted": Row;
    "bulk": {
        operation: "insert" | "update" | "delete" | "truncate" | "unordered";
        table: string;
        count: number;
        from: number;
        to: number;
    };
    "truncated": {
        table: string;
    };
    "replayed": Row;
    "unreadable": {
        operation: string;
        table: string;
        reason: "decoding" | "mapping" | "encoding" | "size";
    };
}
/** The names of the events of the catalogue. */
export declare const eventNames: readonly ["stock-movement:created", "stock:adjusted", "stock-movement:updated", "stock-movement:deleted", "stock-movement:bulk", "stock-movement:truncated", "stock-movement:replayed", "stock-movement:unreadable", "order:created", "order:updated", "order:deleted", "order:status-changed", "order:bulk", "order:truncated", "order:replayed", "order:unreadable", "purchase-order:created", "purchase-order:updated", "purchase-order:deleted", "purchase-order:status-changed", "purchase-order:received", "purchase-order:bulk", "purchase-order:truncated", "purchase-order:replayed", "purchase-order:unreadable", "alert:low-stock", "sku:created", "sku:updated", "sku:deleted", "sku:bulk", "sku:truncated", "sku:replayed", "sku:unreadable", "dashboard:stats-updated"];
