import { useState } from "react";
import type { Product } from "../api.ts";
import { count, money, plural, sum } from "../format.ts";
import { useProducts } from "../live/queries.ts";
import { Link, Title } from "../router.tsx";
import { useSight, type Sight } from "../sight.ts";
import { Input } from "../ui/field.tsx";
import { useChanged, useFlash } from "../ui/flash.ts";
import { Icon } from "../ui/icon.tsx";
import { opens } from "../ui/opens.ts";
import { Empty, Failed, SkeletonRows } from "../ui/states.tsx";

const columns = (sight: Sight) => [undefined, "wide", "wide", undefined, ...(sight.money ? ["wide"] : []), undefined];

export function Products() {
  const { data, error, refetch } = useProducts();
  const [text, setText] = useState("");
  const sight = useSight();
  const needle = text.trim().toLowerCase();
  const rows = data?.filter((p) =>
    [p.name, p.category, ...p.skus.flatMap((s) => [s.sku, s.name])].some((t) => t.toLowerCase().includes(needle)),
  );
  return (
    <div className="page">
      <div className="head">
        <div className="titles">
          <Title>Products</Title>
        </div>
      </div>
      <div className="bar">
        <div className="search grow">
          <Icon name="search" size={16} />
          <Input
            type="search"
            aria-label="Search products"
            placeholder="Name, category or SKU"
            data-key="search"
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </div>
      </div>
      <div className="card">
        {error && !data ? (
          <Failed error={error} retry={() => void refetch()} />
        ) : rows?.length === 0 ? (
          <Empty icon="box" title={needle ? "Nothing found" : "No products yet"}>
            <p>
              {needle ? "No product has this in its name, category or SKUs." : "There is nothing to sell or to buy."}
            </p>
          </Empty>
        ) : (
          <table className="table products">
            <caption className="hidden">Products</caption>
            <thead>
              <tr>
                <th scope="col">Product</th>
                <th scope="col" className="wide">
                  Category
                </th>
                <th scope="col" className="right wide">
                  Variants
                </th>
                <th scope="col" className="right">
                  In stock
                </th>
                {sight.money && (
                  <th scope="col" className="right wide">
                    Value
                  </th>
                )}
                <th scope="col">Level</th>
              </tr>
            </thead>
            <tbody data-testid="products">
              {rows ? (
                rows.map((p) => <Row key={p.id} product={p} money={sight.money} />)
              ) : (
                <SkeletonRows rows={10} columns={columns(sight)} />
              )}
            </tbody>
          </table>
        )}
      </div>
    </div>
  );
}

function Row({ product, money: priced }: { product: Product; money: boolean }) {
  const stock = product.skus.reduce((n, s) => n + s.quantity, 0);
  const low = product.skus.filter((s) => s.quantity <= s.threshold).length;
  const flash = useFlash<HTMLTableRowElement>(useChanged(stock));
  return (
    <tr ref={flash} data-open data-id={product.id} onClick={opens(`/products/${product.id}`)}>
      <th scope="row" title={product.name}>
        <Link to={`/products/${product.id}`} className="block cut">
          {product.name}
        </Link>
        <span className="sub cut">{product.category}</span>
      </th>
      <td className="wide quiet">{product.category || "–"}</td>
      <td className="right num wide">{count(product.skus.length)}</td>
      <td className="right num">{count(stock)}</td>
      {priced && (
        <td className="right num wide">
          {money(sum(product.skus.map((s) => ({ price: s.cost, quantity: s.quantity }))))}
        </td>
      )}
      <td>
        {low > 0 ? (
          <span className="badge warn">{plural(low, "low", "low")}</span>
        ) : (
          <span className="badge good">Good</span>
        )}
      </td>
    </tr>
  );
}
