// Vercel's AI SDK against `codexctl serve`. proxy.md, Safety: "Tools this must just work
// with, unmodified: … the Vercel AI SDK".
import { createOpenAI } from '@ai-sdk/openai';
import { generateText, jsonSchema, Output, stepCountIs, streamText, tool } from 'ai';
import { assert, check, fails, model, scene, server } from './checks.mjs';

const quiet = { maxRetries: 0 };
const providerOptions = { openai: { reasoningEffort: 'none' } };
const weather = () => {
  const places = [];
  const get_weather = tool({
    description: 'Tells about the weather.',
    inputSchema: jsonSchema({ type: 'object', properties: { location: { type: 'string' } }, required: ['location'], additionalProperties: false }),
    execute: async ({ location }) => (places.push(location), 'rain'),
  });
  return { places, tools: { get_weather } };
};

for (const base of ['/v1', '/codex', '/codex/v1']) {
  const openai = createOpenAI({ baseURL: server + base, apiKey: 'any-key' });
  for (const [name, answerer] of [['chat', openai.chat(model)], ['responses', openai.responses(model)]]) {
    const ask = { model: answerer, ...quiet, ...(name === 'chat' ? { providerOptions } : {}) };
    await check(`generateText, ${name} at ${base}`, async () => {
      const got = await generateText({ ...ask, instructions: 'Be brief.', prompt: 'hi' });
      assert.equal(got.text, 'You said: hi');
      assert.equal(got.finishReason, 'stop');
      assert.ok(got.usage.totalTokens > 0);
    });
    await check(`streamText, ${name} at ${base}`, async () => {
      let failed;
      const got = streamText({ ...ask, prompt: 'Tell me a story', onError: ({ error }) => (failed = error) });
      let text = '';
      for await (const delta of got.textStream) text += delta;
      assert.equal(failed, undefined);
      assert.equal(text, 'You said: Tell me a story');
      assert.equal(await got.finishReason, 'stop');
      assert.ok((await got.usage).totalTokens > 0);
    });
    await check(`tools, ${name} at ${base}`, async () => {
      const { places, tools } = weather();
      const got = await generateText({ ...ask, prompt: 'Weather?', tools, stopWhen: stepCountIs(3) });
      assert.equal(got.text, 'The tool answered: rain');
      const streamed = streamText({ ...ask, prompt: 'Weather?', tools, stopWhen: stepCountIs(3), onError: () => {} });
      assert.equal(await streamed.text, 'The tool answered: rain');
      assert.equal(places.length, 2);
    });
    await check(`structured output, ${name} at ${base}`, async () => {
      const schema = jsonSchema({
        type: 'object', properties: { name: { type: 'string' }, age: { type: 'integer' } }, required: ['name', 'age'], additionalProperties: false,
      });
      const got = await generateText({ ...ask, prompt: 'Invent somebody.', output: Output.object({ schema }) });
      assert.deepEqual([typeof got.output.name, typeof got.output.age], ['string', 'number']);
    });
    await check(`error, ${name} at ${base}`, async () => {
      await scene({ name: 'usage-limit' }, async () => {
        const error = await fails(generateText({ ...ask, prompt: 'hi' }));
        assert.equal(error.statusCode, 429);
        assert.match(error.message, /Rate limit exceeded/);
      });
    });
  }
}

// Requests: "store any value".
await check('tools, responses without a store', async () => {
  const { tools } = weather();
  const ask = { model: createOpenAI({ baseURL: `${server}/v1`, apiKey: 'any-key' }).responses(model), ...quiet, tools, stopWhen: stepCountIs(3) };
  const got = await generateText({ ...ask, prompt: 'Weather?', providerOptions: { openai: { store: false, include: ['reasoning.encrypted_content'] } } });
  assert.equal(got.text, 'The tool answered: rain');
});
