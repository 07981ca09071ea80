import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["rowcast-source"] },
  ssr: { resolve: { conditions: ["rowcast-source"] } },
  test: {
    include: ["test/**/*.test.{ts,tsx}"],
    // Nothing should take so long: it is for machines that do much else.
    testTimeout: 60_000,
    restoreMocks: true,
  },
});
