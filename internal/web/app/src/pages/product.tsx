import { useState } from "react";
import type { ProductDetail, Sku } from "../api.ts";
import { count, money, plural, sentence } from "../format.ts";
import { useProduct } from "../live/queries.ts";
import { Link, Title } from "../router.tsx";
import { useSight, type Sight } from "../sight.ts";
import { Button } from "../ui/button.tsx";
import { useChanged, useFlash } from "../ui/flash.ts";
import { Icon } from "../ui/icon.tsx";
import { Bone, Empty, Failed } from "../ui/states.tsx";
import { AdjustForm } from "./adjust-form.tsx";
import { MovementTable } from "./movements.tsx";

export function Product({ id }: { id: string }) {
  const { data, error, refetch } = useProduct(id);
  return (
    <div className="page">
      <div className="head">
        <Link className="button ghost icon" to="/products" aria-label="Back to products">
          <Icon name="back" />
        </Link>
        <div className="titles">
          <Title>{data?.name ?? "Product"}</Title>
          <p className="cut">
            {data ? [data.category, `from ${data.supplier.name}`].filter(Boolean).join(" · ") : <Bone width="180px" />}
          </p>
        </div>
      </div>
      {data ? (
        <Detail product={data} />
      ) : (
        <div className="card">
          {error ? (
            <Failed error={error} retry={() => void refetch()} />
          ) : (
            <div className="state tall" aria-busy="true" />
          )}
        </div>
      )}
    </div>
  );
}

function Detail({ product }: { product: ProductDetail }) {
  const sight = useSight();
  const [adjusting, setAdjusting] = useState<string>();
  const sku = product.skus.find((s) => s.id === adjusting);
  const { supplier } = product;
  return (
    <>
      {product.description && <p className="lead">{product.description}</p>}
      <section className="card" aria-labelledby="variants">
        <header>
          <h2 id="variants">Variants</h2>
          <span className="minor">
            {supplier.leadTimeDays === undefined ? "" : `Delivered within ${plural(supplier.leadTimeDays, "day")}`}
          </span>
        </header>
        {product.skus.length === 0 ? (
          <Empty icon="box" title="No variants yet" />
        ) : (
          <table className="table variants">
            <caption className="hidden">Variants</caption>
            <thead>
              <tr>
                <th scope="col">Variant</th>
                <th scope="col" className="right">
                  In stock
                </th>
                <th scope="col" className="right wide">
                  Threshold
                </th>
                <th scope="col" className="wide">
                  Warehouse
                </th>
                {sight.money && (
                  <>
                    <th scope="col" className="right wide">
                      Price
                    </th>
                    <th scope="col" className="right wide">
                      Cost
                    </th>
                  </>
                )}
                {sight.all && (
                  <th scope="col">
                    <span className="hidden">Actions</span>
                  </th>
                )}
              </tr>
            </thead>
            <tbody data-testid="skus">
              {product.skus.map((s) => (
                <Row key={s.id} sku={s} sight={sight} adjust={() => setAdjusting(s.id)} />
              ))}
            </tbody>
          </table>
        )}
      </section>
      {product.movements && (
        <section className="card" aria-labelledby="moved">
          <header>
            <h2 id="moved">Latest movements</h2>
            <Link to="/movements">All movements</Link>
          </header>
          {product.movements.length === 0 ? (
            <Empty icon="movements" title="Nothing has moved yet" />
          ) : (
            <MovementTable movements={product.movements} />
          )}
        </section>
      )}
      {sku && <AdjustForm sku={sku} onClose={() => setAdjusting(undefined)} />}
    </>
  );
}

function Row({ sku, sight, adjust }: { sku: Sku; sight: Sight; adjust: () => void }) {
  const flash = useFlash<HTMLTableRowElement>(useChanged(sku.quantity));
  const low = sku.quantity <= sku.threshold;
  return (
    <tr ref={flash} data-id={sku.id}>
      <th scope="row" title={`${sku.name} (${sku.sku})`}>
        <span className="block cut">{sku.name}</span>
        <span className="minor mono cut">{sku.sku}</span>
      </th>
      <td className="right num">
        <strong className={low ? "low" : ""} data-testid="quantity">
          {count(sku.quantity)}
        </strong>
        <span className="minor">{low ? "Low" : ""}</span>
      </td>
      <td className="right num wide">{count(sku.threshold)}</td>
      <td className="wide">{sentence(sku.warehouse)}</td>
      {sight.money && (
        <>
          <td className="right num wide">{money(sku.price)}</td>
          <td className="right num wide">{money(sku.cost)}</td>
        </>
      )}
      {sight.all && (
        <td className="acts">
          <Button small onClick={adjust} data-testid="adjust" aria-label={`Adjust ${sku.sku}`}>
            Adjust
          </Button>
        </td>
      )}
    </tr>
  );
}
