// A receiver in a process of its own, as bad as its argument says. Says its URL on standard output.

import { createServer } from 'node:http'

const ways = {
  good: (_, response) => response.end(),
  hangs: () => {},
  'hangs after headers': (_, response) => response.writeHead(200).write('x'),
  drips: (_, response) => setInterval(() => response.write('x'), 1_000).unref(),
  resets: (request) => request.socket.destroy(),
  endless(_, response) {
    response.on('error', () => {})
    const more = () =>
      response.write('x'.repeat(65_536)) ? setImmediate(more) : response.once('drain', more)
    more()
  },
  'asks for patience': (_, response) => response.writeHead(429, { 'retry-after': '0' }).end(),
}
const answer = ways[process.argv[2]]
const server = createServer((request, response) => {
  request.resume()
  request.on('end', () => answer(request, response))
})
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))
process.on('disconnect', () => process.exit(0))
