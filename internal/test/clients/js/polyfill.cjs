// A client of the stream of events, with the package event-source-polyfill, which
// continues with its last id in the query.
const { EventSourcePolyfill } = require('event-source-polyfill')
const { tell, obey } = require('./talk.cjs')

let source

obey({
  connect(url, token, names) {
    const s = source = new EventSourcePolyfill(url, { headers: { Authorization: 'Bearer ' + token } })
    s.onopen = () => tell('open')
    s.onerror = ({ status }) => tell('error', { code: status, final: s.readyState === 2 })
    for (const name of names) {
      s.addEventListener(name, ({ type, data, lastEventId }) => {
        tell('message', { name: type, id: lastEventId, message: JSON.parse(data) })
      })
    }
  },
  close() { source.close() },
})
