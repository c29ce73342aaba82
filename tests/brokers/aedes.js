// An aedes: node aedes.js PORT memory|level FOLDER DENIED USER. The file DENIED has the beginnings of
// topics where USER may neither publish nor subscribe, a line each; it is read each time.
const [port, store, folder, denied, user] = process.argv.slice(2)
const Aedes = require('aedes')
const fs = require('fs')
const net = require('net')

const options = {}
if (store === 'level') {
  const { Level } = require('level')
  const persistence = require('aedes-persistence-level')
  options.persistence = persistence(new Level(folder, { valueEncoding: 'binary' }))
}
const mayNot = (client, topic) => client && client.user === user &&
  fs.readFileSync(denied, 'utf8').split('\n').some(start => start && topic.startsWith(start))
options.authenticate = (client, name, password, done) => {
  client.user = name
  done(null, true)
}
options.authorizePublish = (client, packet, done) =>
  done(mayNot(client, packet.topic) ? new Error('not authorized') : null)
options.authorizeSubscribe = (client, subscription, done) =>
  done(null, mayNot(client, subscription.topic) ? null : subscription)
const aedes = new Aedes(options)
const server = net.createServer(aedes.handle)
server.listen(Number(port), '127.0.0.1')
process.on('SIGTERM', () => {
  server.close()
  aedes.close(() => process.exit(0))
})
