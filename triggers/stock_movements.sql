-- stock_movements: stock-movement:created and stock:adjusted.
select rowcast.adopt('stock_movements', 'stock-movement');
