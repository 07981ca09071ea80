import { words } from "../format.ts";
import { useHints } from "../live/queries.ts";
import { Code } from "../ui/code.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Bone, Failed } from "../ui/states.tsx";

interface Hint {
  title: string;
  psql: string;
}

/** SQL to run elsewhere, to see it arrive here. */
export function Hints({ onClose }: { onClose: () => void }) {
  const { data, error, refetch } = useHints();
  return (
    <Dialog title="Run this SQL" onClose={onClose}>
      <p className="quiet">
        Write with psql, in a terminal. It appears here, and on every page, as if the page had done it.
      </p>
      {data ? (
        (data["lines"] as Hint[]).map((hint) => (
          <div key={hint.title} className="stack tight">
            <h3 className="label">{words(hint.title)}</h3>
            <Code text={hint.psql} label={hint.title} />
          </div>
        ))
      ) : error ? (
        <Failed error={error} retry={() => void refetch()} />
      ) : (
        <Bone width="80%" />
      )}
    </Dialog>
  );
}
