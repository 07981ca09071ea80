-- purchase_orders: the events of an order, and purchase-order:received.
select rowcast.adopt('purchase_orders', 'purchase-order');
