// What the scripts here share: named checks, each told to the Go test as a line of
// JSON, and the emulator behind the server.
import assert from 'node:assert/strict';

export { assert };
export const server = process.env.SERVER;
export const model = process.env.MODEL;
const emulator = process.env.EMULATOR;

// scene makes the emulator answer another way until the function has ended.
export async function scene(document, during) {
  await put(document);
  try {
    return await during();
  } finally {
    await put({});
  }
}

async function put(document) {
  const answer = await fetch(`${emulator}/__emulator/scene`, { method: 'PUT', body: JSON.stringify(document) });
  assert.equal(answer.status, 200, await answer.text());
}

// asked are the requests for an answer that the backend has got, the oldest first.
export async function asked() {
  const answer = await fetch(`${emulator}/__emulator/journal?path=/backend-api/codex/responses`);
  return (await answer.json()).entries;
}

// outcome waits for the last request to end, and says how it did.
export async function outcome() {
  for (let i = 0; i < 200; i++) {
    const last = (await asked()).at(-1);
    if (last?.outcome) return last.outcome;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return 'still running';
}

// fails is the error of a promise, or of reading a stream to its end.
export async function fails(promise) {
  try {
    const got = await promise;
    if (got?.[Symbol.asyncIterator]) for await (const _ of got);
  } catch (error) {
    return error;
  }
  assert.fail('no error');
}

// check runs one check to its end and says how it went.
export async function check(name, run) {
  let error;
  try {
    await run();
  } catch (caught) {
    error = String(caught?.stack ?? caught);
  }
  console.log(JSON.stringify({ name, error }));
}
