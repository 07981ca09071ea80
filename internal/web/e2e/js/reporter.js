// Reports each scenario and each remark as a line of JSON, for play_test.go.

/** @param {AsyncIterable<any>} events */
export default async function* reporter(events) {
  for await (const { type, data } of events) {
    const line = { name: data.name, duration: data.details?.duration_ms };
    switch (type) {
      case "test:pass":
        yield `${JSON.stringify(line)}\n`;
        break;
      case "test:fail":
        yield `${JSON.stringify({ ...line, failed: true, text: reason(data.details.error) })}\n`;
        break;
      case "test:diagnostic":
        // The runner's own summary says nothing that the reports do not.
        if (!/^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) \d/.test(data.message))
          yield `${JSON.stringify({ text: data.message })}\n`;
        break;
      case "test:stdout":
      case "test:stderr":
        yield `${JSON.stringify({ text: data.message.trimEnd() })}\n`;
    }
  }
}

/** @param {Error & {cause?: unknown}} error */
function reason(error) {
  const cause = error.cause instanceof Error ? error.cause : error;
  return cause.stack ?? cause.message;
}
