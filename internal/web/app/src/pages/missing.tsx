import { Link, Title } from "../router.tsx";
import { Empty } from "../ui/states.tsx";

export const Missing = () => (
  <div className="page">
    <div className="head">
      <div className="titles">
        <Title>Nothing here</Title>
      </div>
    </div>
    <div className="card">
      <Empty icon="search" title="This page does not exist">
        <Link className="button" to="/">
          To the dashboard
        </Link>
      </Empty>
    </div>
  </div>
);
