-- Two hundred stock movements of each sku, as hint_copy.sql takes them. In the end nothing is other than it was.
copy (select tenant_id, id, 'adjustment', d, 'recount' from skus, generate_series(1, 100), (values (1), (-1)) v (d)
    where tenant_id = '{tenant}') to stdout;
