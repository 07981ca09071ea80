-- skus: alert:low-stock, and a reason to refresh the dashboard.
select rowcast.adopt('skus', 'sku');
