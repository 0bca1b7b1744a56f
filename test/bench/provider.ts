/**
 * A provider that speaks OpenAI chat completions and stamps each token with the moment it was sent, so that whoever
 * reads it, near or far, can tell how long it was on its way. Run as a process of its own: `provider.ts TOKENS GAP_MS`.
 */
import { createServer } from 'node:http';

const [tokens = 50, gapMs = 20] = process.argv.slice(2).map(Number);

const chunk = (delta: object, finish: string | null = null) =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;

const server = createServer((request, response) => {
  if (request.url?.endsWith('/models')) {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ object: 'list', data: [{ id: 'gpt-bench', object: 'model' }] }));
    return;
  }
  request.resume().on('end', () => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    let sent = 0;
    const next = () => {
      if (sent++ < tokens) {
        response.write(chunk({ content: `${Date.now()} ` }));
        if (gapMs > 0) setTimeout(next, gapMs);
        else setImmediate(next);
        return;
      }
      response.write(chunk({}, 'stop'));
      const usage = { prompt_tokens: 10, completion_tokens: tokens, total_tokens: 10 + tokens };
      response.write(
        `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [], usage })}\n\n`,
      );
      response.end('data: [DONE]\n\n');
    };
    next();
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' && address ? address.port : 0}\n`);
});
