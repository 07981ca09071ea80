import { gzipSync } from "node:zlib";
import { build, type Rollup } from "vite";
import { expect, it } from "vitest";

/** The size of what an entry brings into a page, in bytes after gzip. */
async function sizeOf(entry: string): Promise<number> {
  const outputs = (await build({
    configFile: false,
    logLevel: "silent",
    resolve: { conditions: ["rowcast-source"] },
    build: {
      write: false,
      target: "es2022",
      lib: { entry, formats: ["es"] },
      rollupOptions: { external: /^react(\/|$)/, output: { minify: true } },
    },
  })) as Rollup.RollupOutput[];
  const code = outputs
    .flatMap(({ output }) => output.map((chunk) => (chunk.type === "chunk" ? chunk.code : "")))
    .join("");
  expect(code).toContain("rowcast.v1");
  return gzipSync(code, { level: 9 }).length;
}

it.each([
  ["src/index.ts", 9 * 1024],
  ["src/socket.ts", 9.5 * 1024],
  ["src/react.tsx", 10 * 1024],
])("%s is at most %i bytes after gzip", async (entry, most) => {
  const size = await sizeOf(entry);
  console.log(`${entry}: ${size} bytes`);
  expect(size).toBeLessThanOrEqual(most);
});
