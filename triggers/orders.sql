-- orders: order:created, order:updated, order:status-changed, order:deleted.
select rowcast.adopt('orders', 'order');
