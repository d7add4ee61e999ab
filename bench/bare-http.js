// What Node's own server costs.
import { createServer } from 'node:http';
import { answer, created } from './answers.js';

const server = createServer((request, response) => {
  const isCreate = request.method === 'POST';
  request.on('data', () => undefined);
  request.on('end', () => {
    response.writeHead(isCreate ? 201 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(isCreate ? created() : answer));
  });
});
server.listen(0, '127.0.0.1', () => {
  console.log(`Ready: http://127.0.0.1:${server.address().port}`);
});
