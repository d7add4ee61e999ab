// Takes webhooks, and says how many it took.
import { createServer } from 'node:http';

let taken = 0;
const server = createServer((request, response) => {
  request.on('data', () => undefined);
  request.on('end', () => {
    if (request.method === 'POST') taken += 1;
    response
      .writeHead(request.method === 'POST' ? 204 : 200)
      .end(request.method === 'POST' ? undefined : String(taken));
  });
});
server.listen(0, '127.0.0.1', () => {
  console.log(`Ready: http://127.0.0.1:${server.address().port}`);
});
