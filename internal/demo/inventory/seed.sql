-- The data of the demo: two tenants with a month of business behind them.
-- Everything is fixed but the times, which count back from now. Seed runs the
-- script in a transaction, once in the life of a database.

-- Ids that are the same in every database.
create function pg_temp.seed_id(tenant text, kind text, name text) returns uuid
    language sql
    immutable
as $$
    select overlay(overlay(md5(concat_ws('/', tenant, kind, name)) placing '4' from 13 for 1)
                   placing '8' from 17 for 1)::uuid
$$;

insert into public.tenants (id, slug, name, created_at, updated_at)
select id, slug, name, now() - interval '60 days', now() - interval '60 days'
  from (values
    ('ac3e0000-0000-4000-8000-000000000001'::uuid, 'acme-outdoor',    'Acme Outdoor'),
    ('b0ea1150-0000-4000-8000-000000000002'::uuid, 'borealis-coffee', 'Borealis Coffee')
  ) as v (id, slug, name);

insert into public.users (id, tenant_id, name, email, role, warehouses, created_at, updated_at)
select v.id, t.id, v.name, v.email, v.role, case v.role when 'picker' then '{main}'::text[] else '{}' end,
       t.created_at, t.created_at
  from (values
    ('ac3e0000-0000-4000-8000-000000000101'::uuid, 'acme-outdoor', 'Wilma Acker',    'wilma@acme-outdoor.example',  'owner'),
    ('ac3e0000-0000-4000-8000-000000000102'::uuid, 'acme-outdoor', 'Tomás Herrera',  'tomas@acme-outdoor.example',  'manager'),
    ('ac3e0000-0000-4000-8000-000000000103'::uuid, 'acme-outdoor', 'Jun Okafor',     'jun@acme-outdoor.example',    'clerk'),
    ('ac3e0000-0000-4000-8000-000000000104'::uuid, 'acme-outdoor', 'Petra Vogel',    'petra@acme-outdoor.example',  'clerk'),
    ('b0ea1150-0000-4000-8000-000000000201'::uuid, 'borealis-coffee', 'Aino Laine',     'aino@borealis-coffee.example',    'owner'),
    ('b0ea1150-0000-4000-8000-000000000202'::uuid, 'borealis-coffee', 'Samuel Okoro',   'samuel@borealis-coffee.example',  'manager'),
    ('b0ea1150-0000-4000-8000-000000000203'::uuid, 'borealis-coffee', 'Mirela Popescu', 'mirela@borealis-coffee.example',  'clerk'),
    ('b0ea1150-0000-4000-8000-000000000204'::uuid, 'borealis-coffee', 'Kenji Mori',     'kenji@borealis-coffee.example',   'viewer'),
    ('ac3e0000-0000-4000-8000-000000000105'::uuid, 'acme-outdoor', 'Piet Maes',      'piet@acme-outdoor.example',   'picker'),
    ('b0ea1150-0000-4000-8000-000000000205'::uuid, 'borealis-coffee', 'Nadia Haddad',   'nadia@borealis-coffee.example',   'picker')
  ) as v (id, tenant, name, email, role)
  join public.tenants t on t.slug = v.tenant;

insert into public.suppliers (id, tenant_id, name, email, lead_time_days, created_at, updated_at)
select pg_temp.seed_id(v.tenant, 'supplier', v.name), t.id, v.name, v.email, v.days, t.created_at, t.created_at
  from (values
    ('acme-outdoor', 'Nordwand Textil',      'orders@nordwand.example',     14),
    ('acme-outdoor', 'Hearth & Hollow',      'sales@hearth-hollow.example',  7),
    ('acme-outdoor', 'Alder Trail Works',    'trade@aldertrail.example',    10),
    ('acme-outdoor', 'Lumen Valley',         'hello@lumenvalley.example',    5),
    ('borealis-coffee', 'Finca La Aurora',   'export@laaurora.example',     21),
    ('borealis-coffee', 'Yirga Growers',     'union@yirgagrowers.example',  28),
    ('borealis-coffee', 'Kamo Ceramics',     'studio@kamo.example',         12),
    ('borealis-coffee', 'Brewline Supply',   'orders@brewline.example',      4)
  ) as v (tenant, name, email, days)
  join public.tenants t on t.slug = v.tenant;

insert into public.products (id, tenant_id, supplier_id, name, category, description, created_at, updated_at)
select pg_temp.seed_id(v.tenant, 'product', v.name), t.id, pg_temp.seed_id(v.tenant, 'supplier', v.supplier),
       v.name, v.category, v.description, t.created_at, t.created_at
  from (values
    ('acme-outdoor', 'Nordwand Textil',   'Skarn Tent',          'Shelter', 'Three-season tent with two doors'),
    ('acme-outdoor', 'Nordwand Textil',   'Fjell Sleeping Bag',  'Sleep',   'Down, rated for cold nights'),
    ('acme-outdoor', 'Nordwand Textil',   'Gale Rain Jacket',    'Clothing','Three layers, taped seams'),
    ('acme-outdoor', 'Nordwand Textil',   'Merino Trail Sock',   'Clothing','Cushioned heel and toe'),
    ('acme-outdoor', 'Hearth & Hollow',   'Ember Gas Stove',     'Kitchen', 'Folds to the size of a fist'),
    ('acme-outdoor', 'Hearth & Hollow',   'Camp Cookset',        'Kitchen', 'Nested pots of hard-anodised aluminium'),
    ('acme-outdoor', 'Hearth & Hollow',   'Gas Canister',        'Kitchen', 'Butane and propane, threaded valve'),
    ('acme-outdoor', 'Alder Trail Works', 'Ridgeline Pack',      'Packs',   'Adjustable back, rain cover'),
    ('acme-outdoor', 'Alder Trail Works', 'Carbon Trekking Pole','Packs',   'Pair, cork grips'),
    ('acme-outdoor', 'Alder Trail Works', 'Dry Bag',             'Packs',   'Roll top, welded'),
    ('acme-outdoor', 'Lumen Valley',      'Firefly Headlamp',    'Light',   'Rechargeable, red light mode'),
    ('acme-outdoor', 'Lumen Valley',      'Camp Lantern',        'Light',   'Dimmable, warm light'),
    ('borealis-coffee', 'Finca La Aurora', 'Aurora Espresso',     'Beans',     'Dark chocolate and orange'),
    ('borealis-coffee', 'Finca La Aurora', 'Huila Washed',        'Beans',     'Caramel and red apple'),
    ('borealis-coffee', 'Finca La Aurora', 'Midnight Decaf',      'Beans',     'Sugar cane process'),
    ('borealis-coffee', 'Yirga Growers',   'Yirga Natural',       'Beans',     'Blueberry and jasmine'),
    ('borealis-coffee', 'Yirga Growers',   'Guji Honey',          'Beans',     'Peach and black tea'),
    ('borealis-coffee', 'Kamo Ceramics',   'Stoneware Mug',       'Tableware', 'Hand-thrown, 300 ml'),
    ('borealis-coffee', 'Kamo Ceramics',   'Espresso Cup',        'Tableware', 'Set of two, 80 ml'),
    ('borealis-coffee', 'Kamo Ceramics',   'Pour-over Dripper',   'Brewing',   'Spiral ribs'),
    ('borealis-coffee', 'Brewline Supply', 'Filter Papers',       'Brewing',   'Oxygen-bleached, 100 sheets'),
    ('borealis-coffee', 'Brewline Supply', 'Gooseneck Kettle',    'Brewing',   'Holds its temperature'),
    ('borealis-coffee', 'Brewline Supply', 'Hand Grinder',        'Brewing',   'Steel burrs, 40 steps'),
    ('borealis-coffee', 'Brewline Supply', 'Digital Scale',       'Brewing',   'To 0.1 g, with timer')
  ) as v (tenant, supplier, name, category, description)
  join public.tenants t on t.slug = v.tenant;

-- opening is the stock a month ago; it becomes a movement below.
create temporary table seed_sku on commit drop as
select *
  from (values
    ('acme-outdoor', 'Skarn Tent',           'TENT-2P',      'Two persons',      44, 10, 349.00, 198.50),
    ('acme-outdoor', 'Skarn Tent',           'TENT-3P',      'Three persons',    30,  8, 429.00, 251.00),
    ('acme-outdoor', 'Fjell Sleeping Bag',   'BAG-M5',       'Comfort -5 °C',    62, 12, 259.00, 141.20),
    ('acme-outdoor', 'Fjell Sleeping Bag',   'BAG-M12',      'Comfort -12 °C',   14, 10, 339.00, 187.90),
    ('acme-outdoor', 'Gale Rain Jacket',     'JKT-S',        'Small',            51, 10, 189.00,  92.40),
    ('acme-outdoor', 'Gale Rain Jacket',     'JKT-M',        'Medium',           88, 15, 189.00,  92.40),
    ('acme-outdoor', 'Gale Rain Jacket',     'JKT-L',        'Large',            23, 15, 189.00,  92.40),
    ('acme-outdoor', 'Merino Trail Sock',    'SOCK-38',      'Size 38-40',      110, 20,  19.90,   7.35),
    ('acme-outdoor', 'Merino Trail Sock',    'SOCK-41',      'Size 41-43',       96, 20,  19.90,   7.35),
    ('acme-outdoor', 'Merino Trail Sock',    'SOCK-44',      'Size 44-46',       31, 20,  19.90,   7.35),
    ('acme-outdoor', 'Ember Gas Stove',      'STOVE-1',      'Single burner',    73, 12,  64.50,  31.10),
    ('acme-outdoor', 'Ember Gas Stove',      'STOVE-2',      'Double burner',    15,  8, 119.00,  62.75),
    ('acme-outdoor', 'Camp Cookset',         'COOK-SOLO',    'For one',          58, 10,  49.00,  22.80),
    ('acme-outdoor', 'Camp Cookset',         'COOK-DUO',     'For two',          37, 10,  79.00,  38.60),
    ('acme-outdoor', 'Gas Canister',         'GAS-230',      '230 g',           120, 25,   7.90,   3.15),
    ('acme-outdoor', 'Gas Canister',         'GAS-450',      '450 g',            42, 25,  11.50,   4.90),
    ('acme-outdoor', 'Ridgeline Pack',       'PACK-35',      '35 litres',        66, 10, 159.00,  83.30),
    ('acme-outdoor', 'Ridgeline Pack',       'PACK-55',      '55 litres',        19, 10, 219.00, 117.00),
    ('acme-outdoor', 'Carbon Trekking Pole', 'POLE-110',     '110 cm',           40,  8, 129.00,  66.00),
    ('acme-outdoor', 'Carbon Trekking Pole', 'POLE-130',     '130 cm',           16,  8, 129.00,  66.00),
    ('acme-outdoor', 'Dry Bag',              'DRY-8',        '8 litres',         92, 15,  24.00,   9.80),
    ('acme-outdoor', 'Dry Bag',              'DRY-20',       '20 litres',        55, 15,  34.00,  14.10),
    ('acme-outdoor', 'Firefly Headlamp',     'LAMP-300',     '300 lumens',       83, 15,  44.90,  19.95),
    ('acme-outdoor', 'Firefly Headlamp',     'LAMP-600',     '600 lumens',       24, 12,  74.90,  35.50),
    ('acme-outdoor', 'Camp Lantern',         'LANTERN',      'One size',         10, 10,  54.00,  25.20),
    ('borealis-coffee', 'Aurora Espresso',   'AUR-250',      '250 g',           104, 20,   9.80,   4.10),
    ('borealis-coffee', 'Aurora Espresso',   'AUR-1000',     '1 kg',             58, 15,  34.00,  15.60),
    ('borealis-coffee', 'Huila Washed',      'HUI-250',      '250 g',            90, 20,  10.90,   4.70),
    ('borealis-coffee', 'Huila Washed',      'HUI-1000',     '1 kg',             25, 12,  38.50,  18.20),
    ('borealis-coffee', 'Midnight Decaf',    'DEC-250',      '250 g',            43, 15,  10.50,   4.95),
    ('borealis-coffee', 'Midnight Decaf',    'DEC-1000',     '1 kg',             18, 10,  37.00,  18.90),
    ('borealis-coffee', 'Yirga Natural',     'YIR-250',      '250 g',            97, 20,  13.40,   6.20),
    ('borealis-coffee', 'Yirga Natural',     'YIR-1000',     '1 kg',             36, 12,  47.00,  23.80),
    ('borealis-coffee', 'Guji Honey',        'GUJ-250',      '250 g',            24, 20,  12.90,   5.85),
    ('borealis-coffee', 'Guji Honey',        'GUJ-1000',     '1 kg',             49, 12,  45.00,  22.40),
    ('borealis-coffee', 'Stoneware Mug',     'MUG-MOSS',     'Moss',             61, 10,  24.00,  10.20),
    ('borealis-coffee', 'Stoneware Mug',     'MUG-SAND',     'Sand',             70, 10,  24.00,  10.20),
    ('borealis-coffee', 'Stoneware Mug',     'MUG-INK',      'Ink',              13, 10,  24.00,  10.20),
    ('borealis-coffee', 'Espresso Cup',      'CUP-MOSS',     'Moss',             52,  8,  29.00,  12.70),
    ('borealis-coffee', 'Espresso Cup',      'CUP-SAND',     'Sand',             14,  8,  29.00,  12.70),
    ('borealis-coffee', 'Pour-over Dripper', 'DRIP-01',      'One to two cups',  65, 10,  32.00,  14.40),
    ('borealis-coffee', 'Pour-over Dripper', 'DRIP-02',      'Two to four cups', 39, 10,  36.00,  16.80),
    ('borealis-coffee', 'Filter Papers',     'FILT-01',      'Size 01',         118, 25,   6.50,   2.05),
    ('borealis-coffee', 'Filter Papers',     'FILT-02',      'Size 02',          45, 25,   6.90,   2.25),
    ('borealis-coffee', 'Gooseneck Kettle',  'KETTLE-BLK',   'Black',            33,  6, 139.00,  78.00),
    ('borealis-coffee', 'Gooseneck Kettle',  'KETTLE-STL',   'Steel',             8,  6, 129.00,  71.50),
    ('borealis-coffee', 'Hand Grinder',      'GRIND-STD',    'Standard',         57, 10,  89.00,  44.20),
    ('borealis-coffee', 'Hand Grinder',      'GRIND-TRAVEL', 'Travel',           26,  8,  74.00,  36.90),
    ('borealis-coffee', 'Digital Scale',     'SCALE-POCKET', 'Pocket',           79, 12,  39.00,  17.60),
    ('borealis-coffee', 'Digital Scale',     'SCALE-BAR',    'Bar',              15,  8,  69.00,  33.30)
  ) as v (tenant, product, sku, name, opening, threshold, price, cost);

-- What is worn, gives light or breaks lies in the annex.
insert into public.skus
       (id, tenant_id, product_id, sku, name, warehouse, low_stock_threshold, price, cost, created_at, updated_at)
select pg_temp.seed_id(v.tenant, 'sku', v.sku), t.id, p.id, v.sku, v.name,
       case when p.category in ('Clothing', 'Light', 'Tableware') then 'annex' else 'main' end,
       v.threshold, v.price, v.cost, t.created_at, t.created_at
  from seed_sku v
  join public.tenants t on t.slug = v.tenant
  join public.products p on p.id = pg_temp.seed_id(v.tenant, 'product', v.product);

-- Orders and purchase orders: the items are written as sku:quantity, and age
-- is in days.
create temporary table seed_order on commit drop as
select *
  from (values
    ('acme-outdoor', 'SO-1001', 'Camille Moreau',     'fulfilled',  29.6, 'TENT-2P:1 BAG-M5:2'),
    ('acme-outdoor', 'SO-1002', 'Gareth Gallagher',   'fulfilled',  28.2, 'SOCK-41:4'),
    ('acme-outdoor', 'SO-1003', 'Priya Castellano',   'fulfilled',  26.9, 'STOVE-1:1 GAS-230:3'),
    ('acme-outdoor', 'SO-1004', 'Oskar Lindqvist',    'cancelled',  25.7, 'TENT-3P:1'),
    ('acme-outdoor', 'SO-1005', 'Hana Horvat',        'fulfilled',  24.1, 'PACK-55:1 DRY-8:2'),
    ('acme-outdoor', 'SO-1006', 'Dario Rossi',        'fulfilled',  22.8, 'LAMP-600:2'),
    ('acme-outdoor', 'SO-1007', 'Ingrid Eriksen',     'fulfilled',  21.4, 'JKT-L:1 SOCK-44:2'),
    ('acme-outdoor', 'SO-1008', 'Thandi Dlamini',     'fulfilled',  19.9, 'COOK-DUO:1 STOVE-2:1 GAS-450:4'),
    ('acme-outdoor', 'SO-1009', 'Luca Fontaine',      'fulfilled',  18.3, 'POLE-130:2'),
    ('acme-outdoor', 'SO-1010', 'Maeve O’Neill',      'cancelled',  16.6, 'LANTERN:1 LAMP-300:1'),
    ('acme-outdoor', 'SO-1011', 'Elif Yilmaz',        'fulfilled',  14.8, 'BAG-M12:2'),
    ('acme-outdoor', 'SO-1012', 'Kestrel Scouts',     'fulfilled',  12.5, 'GAS-450:12 SOCK-44:4'),
    ('acme-outdoor', 'SO-1013', 'Noor Jansen',        'fulfilled',  11.2, 'JKT-M:1'),
    ('acme-outdoor', 'SO-1014', 'Søren Quist',        'fulfilled',   9.7, 'DRY-20:2 LANTERN:1'),
    ('acme-outdoor', 'SO-1015', 'Rosa Silva',         'fulfilled',   7.1, 'COOK-SOLO:1 GAS-230:2'),
    ('acme-outdoor', 'SO-1016', 'Femke Jansen',       'fulfilled',   5.4, 'PACK-35:1'),
    ('acme-outdoor', 'SO-1017', 'Quentin Petrov',     'processing',  2.9, 'PACK-55:2 POLE-110:2'),
    ('acme-outdoor', 'SO-1018', 'Amina Ivanova',      'processing',  2.2, 'TENT-3P:1 BAG-M12:2'),
    ('acme-outdoor', 'SO-1019', 'Bjarne Bergström',   'processing',  1.6, 'STOVE-2:1'),
    ('acme-outdoor', 'SO-1020', 'João Silva',         'cancelled',   1.3, 'JKT-S:1'),
    ('acme-outdoor', 'SO-1021', 'Katya Kowalski',     'pending',     0.8, 'LAMP-300:2'),
    ('acme-outdoor', 'SO-1022', 'Hana Nakamura',      'pending',     0.6, 'SOCK-38:3 SOCK-41:3'),
    ('acme-outdoor', 'SO-1023', 'Camille Abe',        'pending',     0.4, 'TENT-2P:1'),
    ('acme-outdoor', 'SO-1024', 'Gareth Fontaine',    'pending',     0.3, 'JKT-L:2'),
    ('acme-outdoor', 'SO-1025', 'Ingrid Lindqvist',   'pending',     0.1, 'DRY-8:1 DRY-20:1'),
    ('borealis-coffee', 'SO-1001', 'Café Solstice',      'fulfilled',  29.4, 'AUR-1000:6 HUI-1000:4'),
    ('borealis-coffee', 'SO-1002', 'Noor Castellano',    'fulfilled',  27.7, 'YIR-250:2'),
    ('borealis-coffee', 'SO-1003', 'Luca Bergström',     'fulfilled',  26.3, 'DRIP-01:1 FILT-01:2'),
    ('borealis-coffee', 'SO-1004', 'Amina Dlamini',      'fulfilled',  25.0, 'MUG-INK:2'),
    ('borealis-coffee', 'SO-1005', 'Harbour Bakery',     'fulfilled',  23.6, 'AUR-1000:8'),
    ('borealis-coffee', 'SO-1006', 'Elif Eriksen',       'cancelled',  22.1, 'KETTLE-BLK:1'),
    ('borealis-coffee', 'SO-1007', 'Oskar Ivanova',      'fulfilled',  20.5, 'GRIND-TRAVEL:1 GUJ-250:1'),
    ('borealis-coffee', 'SO-1008', 'Priya Nakamura',     'fulfilled',  18.9, 'CUP-SAND:2'),
    ('borealis-coffee', 'SO-1009', 'Café Solstice',      'fulfilled',  17.2, 'AUR-1000:6 DEC-1000:3'),
    ('borealis-coffee', 'SO-1010', 'Dario Quist',        'fulfilled',  15.5, 'SCALE-BAR:1'),
    ('borealis-coffee', 'SO-1011', 'Rosa Horvat',        'fulfilled',  13.9, 'HUI-250:2 FILT-02:2'),
    ('borealis-coffee', 'SO-1012', 'Bjarne Moreau',      'cancelled',  12.8, 'GRIND-STD:1'),
    ('borealis-coffee', 'SO-1013', 'Maeve Gallagher',    'fulfilled',  10.6, 'KETTLE-STL:1 DRIP-02:1'),
    ('borealis-coffee', 'SO-1014', 'Harbour Bakery',     'fulfilled',   8.8, 'HUI-1000:6 YIR-1000:2'),
    ('borealis-coffee', 'SO-1015', 'Søren Abe',          'fulfilled',   7.3, 'GUJ-250:3'),
    ('borealis-coffee', 'SO-1016', 'Thandi Silva',       'fulfilled',   5.9, 'MUG-MOSS:1 MUG-SAND:1'),
    ('borealis-coffee', 'SO-1017', 'Katya Rossi',        'fulfilled',   4.2, 'DEC-250:1'),
    ('borealis-coffee', 'SO-1018', 'Gareth Yilmaz',      'processing',  2.7, 'SCALE-POCKET:1 KETTLE-STL:1'),
    ('borealis-coffee', 'SO-1019', 'Café Solstice',      'processing',  2.0, 'AUR-1000:6 FILT-02:8'),
    ('borealis-coffee', 'SO-1020', 'Femke Kowalski',     'processing',  1.4, 'GUJ-250:2 CUP-SAND:1'),
    ('borealis-coffee', 'SO-1021', 'João Fontaine',      'pending',     0.9, 'YIR-250:1 AUR-250:1'),
    ('borealis-coffee', 'SO-1022', 'Hana O’Neill',       'pending',     0.7, 'CUP-MOSS:1'),
    ('borealis-coffee', 'SO-1023', 'Quentin Jansen',     'pending',     0.5, 'DEC-1000:1'),
    ('borealis-coffee', 'SO-1024', 'Camille Petrov',     'pending',     0.3, 'MUG-INK:2'),
    ('borealis-coffee', 'SO-1025', 'Ingrid Lindqvist',   'pending',     0.1, 'HUI-250:2')
  ) as v (tenant, number, customer, status, age, items);

create temporary table seed_purchase on commit drop as
select *
  from (values
    ('acme-outdoor', 'PO-501', 'Alder Trail Works', 'received',  27.0, 'PACK-35:20 DRY-8:40'),
    ('acme-outdoor', 'PO-502', 'Lumen Valley',      'received',  20.0, 'LAMP-300:30'),
    ('acme-outdoor', 'PO-503', 'Hearth & Hollow',   'received',  15.0, 'GAS-230:60 COOK-SOLO:20'),
    ('acme-outdoor', 'PO-504', 'Nordwand Textil',   'cancelled', 13.0, 'TENT-3P:15'),
    ('acme-outdoor', 'PO-505', 'Nordwand Textil',   'confirmed',  6.0, 'BAG-M12:60 JKT-L:60'),
    ('acme-outdoor', 'PO-506', 'Alder Trail Works', 'sent',       3.0, 'PACK-55:60'),
    ('acme-outdoor', 'PO-507', 'Hearth & Hollow',   'sent',       1.5, 'STOVE-2:60 GAS-450:80'),
    ('acme-outdoor', 'PO-508', 'Lumen Valley',      'draft',      0.2, 'LANTERN:60'),
    ('borealis-coffee', 'PO-501', 'Finca La Aurora', 'received',  28.0, 'AUR-250:40 AUR-1000:30'),
    ('borealis-coffee', 'PO-502', 'Kamo Ceramics',   'received',  22.0, 'DRIP-01:20'),
    ('borealis-coffee', 'PO-503', 'Brewline Supply', 'received',  16.0, 'FILT-01:60 SCALE-POCKET:25'),
    ('borealis-coffee', 'PO-504', 'Yirga Growers',   'cancelled', 14.0, 'YIR-1000:20'),
    ('borealis-coffee', 'PO-505', 'Finca La Aurora', 'confirmed',  7.0, 'HUI-1000:60 DEC-1000:60'),
    ('borealis-coffee', 'PO-506', 'Kamo Ceramics',   'sent',       3.5, 'MUG-INK:60 CUP-SAND:60'),
    ('borealis-coffee', 'PO-507', 'Brewline Supply', 'sent',       1.8, 'KETTLE-STL:40 SCALE-BAR:60'),
    ('borealis-coffee', 'PO-508', 'Yirga Growers',   'draft',      0.3, 'GUJ-250:80')
  ) as v (tenant, number, supplier, status, age, items);

create temporary table seed_item on commit drop as
select o.tenant, o.number, s.id as sku_id, split_part(line, ':', 2)::integer as quantity, s.price, s.cost, s.warehouse
  from (select tenant, number, items from seed_order
         union all
        select tenant, number, items from seed_purchase) o
 cross join regexp_split_to_table(o.items, ' ') as line
  join public.skus s on s.id = pg_temp.seed_id(o.tenant, 'sku', split_part(line, ':', 1));

insert into public.orders (id, tenant_id, order_number, customer, status, warehouse, total, created_at, updated_at)
select pg_temp.seed_id(v.tenant, 'order', v.number), t.id, v.number, v.customer, v.status,
       (select max(i.warehouse) from seed_item i where (i.tenant, i.number) = (v.tenant, v.number)),
       (select sum(i.quantity * i.price) from seed_item i where (i.tenant, i.number) = (v.tenant, v.number)),
       now() - v.age * interval '1 day',
       now() - v.age * interval '1 day' * case when v.status = 'pending' then 1 else 0.9 end
  from seed_order v
  join public.tenants t on t.slug = v.tenant
 order by v.age desc;

insert into public.order_items (id, tenant_id, order_id, sku_id, quantity, unit_price, created_at, updated_at)
select pg_temp.seed_id(i.tenant, 'order item', concat_ws('/', i.number, i.sku_id)), o.tenant_id, o.id,
       i.sku_id, i.quantity, i.price, o.created_at, o.created_at
  from seed_item i
  join public.orders o on o.id = pg_temp.seed_id(i.tenant, 'order', i.number);

insert into public.purchase_orders (id, tenant_id, po_number, supplier_id, status, total, expected_on, created_at, updated_at)
select pg_temp.seed_id(v.tenant, 'purchase order', v.number), s.tenant_id, v.number, s.id, v.status,
       (select sum(i.quantity * i.cost) from seed_item i where (i.tenant, i.number) = (v.tenant, v.number)),
       current_date - v.age::integer + s.lead_time_days,
       now() - v.age * interval '1 day',
       now() - v.age * interval '1 day' * case when v.status = 'draft' then 1 else 0.8 end
  from seed_purchase v
  join public.suppliers s on s.id = pg_temp.seed_id(v.tenant, 'supplier', v.supplier)
 order by v.age desc;

insert into public.purchase_order_items
       (id, tenant_id, purchase_order_id, sku_id, quantity, unit_cost, created_at, updated_at)
select pg_temp.seed_id(i.tenant, 'purchase order item', concat_ws('/', i.number, i.sku_id)), o.tenant_id, o.id,
       i.sku_id, i.quantity, i.cost, o.created_at, o.created_at
  from seed_item i
  join public.purchase_orders o on o.id = pg_temp.seed_id(i.tenant, 'purchase order', i.number);

-- The ledger: the stock that was there, what was shipped and received, and what
-- happens in any warehouse.
insert into public.stock_movements
       (id, tenant_id, sku_id, movement_type, quantity, reason, reference, created_by, created_at, updated_at)
select pg_temp.seed_id(t.slug, 'movement', concat_ws('/', m.kind, m.reason, m.reference, m.sku_id)),
       t.id, m.sku_id, m.kind, m.quantity, m.reason, m.reference, u.id, m.at, m.at
  from (
    select v.tenant, pg_temp.seed_id(v.tenant, 'sku', v.sku) as sku_id, 'adjustment' as kind, v.opening as quantity,
           'opening stock' as reason, '' as reference, now() - interval '30 days' as at
      from seed_sku v
     union all
    select v.tenant, i.sku_id, 'sale', -i.quantity, 'customer order', v.number, now() - v.age * interval '0.9 days'
      from seed_order v
      join seed_item i on (i.tenant, i.number) = (v.tenant, v.number)
     where v.status = 'fulfilled'
     union all
    select v.tenant, i.sku_id, 'purchase', i.quantity, 'goods received', v.number, now() - v.age * interval '0.8 days'
      from seed_purchase v
      join seed_item i on (i.tenant, i.number) = (v.tenant, v.number)
     where v.status = 'received'
     union all
    select v.tenant, pg_temp.seed_id(v.tenant, 'sku', v.sku), v.kind, v.quantity, v.reason, '', now() - v.age * interval '1 day'
      from (values
        ('acme-outdoor',    'TENT-2P',    'adjustment', -1, 'damaged',             23.3),
        ('acme-outdoor',    'SOCK-38',    'adjustment',  2, 'stocktake',           17.5),
        ('acme-outdoor',    'JKT-M',      'transfer',   -6, 'to the harbour shop', 10.4),
        ('acme-outdoor',    'LAMP-600',   'return',      1, 'customer return',      8.6),
        ('acme-outdoor',    'GAS-450',    'adjustment', -2, 'damaged',              3.7),
        ('borealis-coffee', 'MUG-SAND',   'adjustment', -2, 'damaged',             24.4),
        ('borealis-coffee', 'AUR-250',    'transfer',  -12, 'to the market stall', 19.1),
        ('borealis-coffee', 'FILT-02',    'adjustment', -3, 'stocktake',           11.8),
        ('borealis-coffee', 'GRIND-STD',  'return',      1, 'customer return',      6.2),
        ('borealis-coffee', 'KETTLE-STL', 'adjustment', -1, 'damaged',              4.9)
      ) as v (tenant, sku, kind, quantity, reason, age)
  ) m
  join public.tenants t on t.slug = m.tenant
  join lateral (select id
                  from public.users u
                 where u.tenant_id = t.id
                   and u.role = case when m.kind in ('sale', 'return') then 'clerk' else 'manager' end
                 order by u.email
                 limit 1) u on true
 order by m.at, m.sku_id;

drop function pg_temp.seed_id(text, text, text);
