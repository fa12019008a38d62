// OpenAI's SDK for Node against `codexctl serve`, as a program has it that only knows a
// base address. Each check names the row of the contract (proxy.md) that it shows.
import OpenAI from 'openai';
import { assert, asked, check, fails, model, outcome, scene, server } from './checks.mjs';

const bases = ['/v1', '/codex', '/codex/v1'];
const sdk = (base, more) => new OpenAI({ baseURL: server + base, apiKey: 'any-key', maxRetries: 0, ...more });
const client = sdk('/v1');
const pixel = 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const place = { type: 'object', properties: { location: { type: 'string' } }, required: ['location'], additionalProperties: false };
const person = {
  type: 'object', properties: { name: { type: 'string' }, age: { type: 'integer' } }, required: ['name', 'age'], additionalProperties: false,
};
const user = (content) => ({ role: 'user', content });
// Without it the addresses below /codex add the reasoning to the text.
const silent = (content) => ({ model, messages: [user(content)], reasoning_effort: 'none' });

// Routes: "POST /codex/responses, /codex/v1/responses, /v1/responses"; Requests: "one
// object collected from the item events".
for (const base of bases) {
  await check(`responses.create at ${base}`, async () => {
    const { data, response, request_id } = await sdk(base).responses.create({ model, input: 'hi' }).withResponse();
    assert.equal(data.output_text, 'You said: hi');
    assert.equal(data.status, 'completed');
    assert.equal(data.model, model);
    assert.ok(data.usage.total_tokens > 0);
    assert.match(response.headers.get('content-type'), /^application\/json/);
    assert.ok(request_id, 'no request id');
    const last = (await asked()).at(-1);
    assert.match(last.header['User-Agent'][0], /^codexctl/);
    assert.deepEqual(Object.keys(last.header).filter((name) => name.startsWith('X-Stainless')), []);
  });

  // Requests: "a terminal event with an empty output: its response.output is filled from
  // the item events, because the SDKs read the answer there".
  await check(`responses.stream with finalResponse at ${base}`, async () => {
    const stream = sdk(base).responses.stream({ model, input: 'Tell me a story' });
    let text = '';
    const types = [];
    stream.on('event', (event) => types.push(event.type));
    stream.on('response.output_text.delta', (event) => {
      text += event.delta;
      assert.equal(event.snapshot, text);
    });
    const final = await stream.finalResponse();
    assert.equal(final.output_text, 'You said: Tell me a story');
    assert.equal(text, final.output_text);
    assert.equal(final.status, 'completed');
    assert.equal(types[0], 'response.created');
    assert.equal(types.at(-1), 'response.completed');
  });

  // Routes: Chat Completions, translated; Chat answers.
  await check(`chat.completions.create at ${base}`, async () => {
    const got = await sdk(base).chat.completions.create(silent('hi'));
    assert.equal(got.choices[0].message.content, 'You said: hi');
    assert.equal(got.choices[0].message.role, 'assistant');
    assert.equal(got.choices[0].finish_reason, 'stop');
    assert.equal(got.object, 'chat.completion');
    assert.match(got.id, /^chatcmpl-/);
    assert.ok(got.usage.total_tokens > 0);
  });

  // Requests: "Every stream carries Content-Type: text/event-stream"; Chat answers:
  // "usage … in a stream only if asked for".
  await check(`chat.completions.create with stream at ${base}`, async () => {
    const { data, response } = await sdk(base).chat.completions.create({ ...silent('hi'), stream: true }).withResponse();
    assert.match(response.headers.get('content-type'), /^text\/event-stream/);
    assert.equal(response.headers.get('cache-control'), 'no-cache');
    let text = '';
    let reason;
    for await (const chunk of data) {
      assert.equal(chunk.choices.length, 1);
      assert.equal(chunk.usage ?? null, null);
      text += chunk.choices[0].delta.content ?? '';
      reason = chunk.choices[0].finish_reason ?? reason;
    }
    assert.equal(text, 'You said: hi');
    assert.equal(reason, 'stop');
  });

  await check(`client.chat.completions.stream() at ${base}`, async () => {
    const stream = sdk(base).chat.completions.stream({ ...silent('Tell me a story'), stream_options: { include_usage: true } });
    let text = '';
    stream.on('content', (delta, snapshot) => {
      text += delta;
      assert.equal(snapshot, text);
    });
    const got = await stream.finalChatCompletion();
    assert.equal(got.choices[0].message.content, 'You said: Tell me a story');
    assert.equal(text, 'You said: Tell me a story');
    assert.equal(await stream.finalContent(), text);
    assert.equal(got.choices[0].finish_reason, 'stop');
    assert.ok((await stream.totalUsage()).total_tokens > 0);
  });

  // Sessions: "previous_response_id … keep the conversation here".
  await check(`previous_response_id at ${base}`, async () => {
    const first = await sdk(base).responses.create({ model, input: 'My name is Alice' });
    const second = await sdk(base).responses.create({ model, input: "What's my name?", previous_response_id: first.id });
    assert.equal(second.output_text, 'Your name is Alice.');
  });

  // Routes: "GET …/models, GET …/models/{id}".
  await check(`models at ${base}`, async () => {
    const ids = [];
    for await (const one of sdk(base).models.list()) ids.push(one.id);
    assert.ok(ids.includes(model), ids.join(' '));
    assert.equal((await sdk(base).models.retrieve(model)).id, model);
  });
}

await check('responses.create with stream', async () => {
  const stream = await client.responses.create({ model, input: 'hi', stream: true });
  let text = '';
  let final;
  for await (const event of stream) {
    if (event.type === 'response.output_text.delta') text += event.delta;
    if (event.type === 'response.completed') final = event.response;
  }
  assert.equal(text, 'You said: hi');
  assert.equal(final.output.at(-1).content[0].text, text);
});

// Routes: Responses, "pass-through": the whole output goes back, as the SDK's guide says.
const weather = ['get_weather', 'get_forecast'].map((name) => ({ type: 'function', name, parameters: place, strict: true }));
for (const count of [1, 2]) {
  for (const how of ['create', 'stream']) {
    await check(`responses.${how}, ${count} tool calls`, async () => {
      const ask = (body) => (how === 'create' ? client.responses.create(body) : client.responses.stream(body).finalResponse());
      const input = [user("What's the weather in Paris?")];
      const first = await scene({ tool_calls: count }, () => ask({ model, input, tools: weather }));
      const calls = first.output.filter((item) => item.type === 'function_call');
      assert.deepEqual(calls.map((call) => call.name), weather.slice(0, count).map((tool) => tool.name));
      // The SDK adds fields of its own to what it hands out.
      input.push(...first.output);
      for (const call of calls) {
        assert.equal(typeof JSON.parse(call.arguments).location, 'string');
        input.push({ type: 'function_call_output', call_id: call.call_id, output: `${call.name}: fine` });
      }
      const final = await ask({ model, input, tools: weather });
      assert.equal(final.output_text, `The tool answered: ${calls.at(-1).name}: fine`);
    });
  }
}

// Requests: "max_output_tokens as a local cap … incomplete".
await check('responses.stream with a cap', async () => {
  await scene({ text: 'one two three four five', event_delay_ms: 10 }, async () => {
    const final = await client.responses.stream({ model, input: 'Count.', max_output_tokens: 2 }).finalResponse();
    assert.deepEqual([final.status, final.output_text, final.incomplete_details.reason], ['incomplete', 'one two', 'max_output_tokens']);
    assert.equal(await outcome(), 'client_gone');
  });
});

// Chat translation: "tools, tool_choice, parallel_tool_calls"; "tool-call deltas with the
// right index".
const functions = weather.map(({ name, parameters }) => ({ type: 'function', function: { name, parameters, strict: true } }));
for (const count of [1, 2]) {
  for (const how of ['create', 'stream']) {
    await check(`chat.completions.${how}, ${count} tool calls`, async () => {
      const ask = (body) => (how === 'create' ? client.chat.completions.create(body) : client.chat.completions.stream(body).finalChatCompletion());
      const body = { ...silent("What's the weather in Paris?"), tools: functions };
      const first = await scene({ tool_calls: count }, () => ask(body));
      assert.equal(first.choices[0].finish_reason, 'tool_calls');
      const { message } = first.choices[0];
      assert.deepEqual(message.tool_calls.map((call) => call.function.name), weather.slice(0, count).map((tool) => tool.name));
      body.messages.push(message);
      for (const call of message.tool_calls) {
        assert.match(call.id, /^call_/);
        body.messages.push({ role: 'tool', tool_call_id: call.id, content: `${call.function.name}: fine` });
      }
      const final = await ask(body);
      assert.equal(final.choices[0].message.content, `The tool answered: ${weather[count - 1].name}: fine`);
      assert.equal(final.choices[0].finish_reason, 'stop');
    });
  }
}

// The SDK leads the whole loop by itself.
for (const stream of [false, true]) {
  await check(`chat.completions.runTools${stream ? ' with stream' : ''}`, async () => {
    const places = [];
    const tool = {
      type: 'function',
      function: { name: 'get_weather', parameters: place, parse: JSON.parse, function: ({ location }) => (places.push(location), 'rain') },
    };
    const runner = client.chat.completions.runTools({ ...silent('Weather?'), tools: [tool], stream });
    assert.equal(await runner.finalContent(), 'The tool answered: rain');
    assert.equal(places.length, 1);
  });
}

await check('images', async () => {
  const native = await client.responses.create({
    model, input: [user([{ type: 'input_text', text: 'What?' }, { type: 'input_image', image_url: pixel, detail: 'auto' }])],
  });
  assert.equal(native.output_text, 'You said: What? [images: 1]');
  const chat = await client.chat.completions.create(silent([{ type: 'text', text: 'What?' }, { type: 'image_url', image_url: { url: pixel } }]));
  assert.equal(chat.choices[0].message.content, 'You said: What? [images: 1]');
});

// Chat translation: "response_format … json_schema"; "never tags with a JSON
// response_format".
await check('structured output without zod', async () => {
  const isPerson = (got) => assert.deepEqual([typeof got.name, typeof got.age, Object.keys(got).length], ['string', 'number', 2]);
  const format = { type: 'json_schema', name: 'person', schema: person, strict: true };
  isPerson(JSON.parse((await client.responses.create({ model, input: 'Invent somebody.', text: { format } })).output_text));
  const parsed = await client.responses.parse({ model, input: 'Invent somebody.', text: { format } });
  isPerson(JSON.parse(parsed.output_text));
  const response_format = { type: 'json_schema', json_schema: { name: 'person', schema: person, strict: true } };
  for (const base of bases) {
    const body = { model, messages: [user('Invent somebody.')], response_format };
    isPerson((await sdk(base).chat.completions.parse(body)).choices[0].message.parsed);
    isPerson((await sdk(base).chat.completions.stream(body).finalChatCompletion()).choices[0].message.parsed);
  }
});

// Chat answers: "reasoning summary once: inside <reasoning>…</reasoning> on the /codex/…
// routes, as reasoning_content on /v1/…".
await check('reasoning', async () => {
  await scene({ reasoning: 'It is short.' }, async () => {
    const body = { model, messages: [user('hi')], reasoning_effort: 'low' };
    const tagged = (await sdk('/codex').chat.completions.create(body)).choices[0].message;
    assert.match(tagged.content, /^<reasoning>It is short\.<\/reasoning>\s*You said: hi$/);
    const field = (await client.chat.completions.create(body)).choices[0].message;
    assert.deepEqual([field.content, field.reasoning_content], ['You said: hi', 'It is short.']);
    let told = '';
    for await (const chunk of await client.chat.completions.create({ ...body, stream: true })) {
      told += chunk.choices[0].delta.reasoning_content ?? '';
    }
    assert.equal(told, 'It is short.');
    const native = await client.responses.create({ model, input: 'hi', reasoning: { effort: 'low', summary: 'auto' } });
    assert.equal(native.output.find((item) => item.type === 'reasoning').summary[0].text, 'It is short.');
  });
});

// Errors: "Before the first byte an error is a real HTTP status with
// {"error":{"message","type","code","param"}}".
const errors = [
  ['unknown model', {}, { model: 'gpt-unknown' }, OpenAI.BadRequestError, 400, 'model_not_available', /Model not available: .*gpt-6-sol/],
  ['quota', { name: 'usage-limit' }, {}, OpenAI.RateLimitError, 429, 'usage_limit_reached', /Rate limit exceeded/],
  ['context length', { name: 'context-length' }, {}, OpenAI.BadRequestError, 400, 'context_length_exceeded', /context/],
  ['context length inside 200', { name: 'failed-context-length' }, {}, OpenAI.BadRequestError, 400, 'context_length_exceeded', /context/],
  ['the backend is unwell', { name: 'bad-gateway-html' }, {}, OpenAI.InternalServerError, 502, undefined, /./],
];
for (const [name, document, change, kind, status, code, message] of errors) {
  await check(`error: ${name}`, async () => {
    await scene(document, async () => {
      for (const stream of [false, true]) {
        for (const error of [
          await fails(client.responses.create({ model, input: 'hi', stream, ...change })),
          await fails(client.chat.completions.create({ model, messages: [user('hi')], stream, ...change })),
        ]) {
          assert.ok(error instanceof kind, `${error} is no ${kind.name}`);
          assert.equal(error.status, status);
          if (code) assert.equal(error.code, code);
          assert.match(error.message, message);
        }
      }
    });
  });
}

// Errors: "no credentials (401 auth_required)".
await check('error: nobody is signed in', async () => {
  const error = await fails(sdk('', { baseURL: `${process.env.SIGNED_OUT}/v1` }).chat.completions.create(silent('hi')));
  assert.ok(error instanceof OpenAI.AuthenticationError, String(error));
  assert.deepEqual([error.status, error.code], [401, 'auth_required']);
  assert.match(error.message, /No valid OpenAI credentials found/);
});

// Routes: "Unknown paths: 404 in the OpenAI error shape".
await check('error: wrong path', async () => {
  const error = await fails(sdk('/v2').chat.completions.create(silent('hi')));
  assert.ok(error instanceof OpenAI.NotFoundError, String(error));
  assert.deepEqual([error.status, error.code, error.type], [404, 'not_found', 'invalid_request_error']);
});

// Requests: "with --strict (or header x-codexctl-strict: 1) they are a 400 that names the
// field".
await check('error: a field that the backend refuses, strictly', async () => {
  const options = { headers: { 'x-codexctl-strict': '1' } };
  const error = await fails(client.chat.completions.create({ ...silent('hi'), temperature: 0.5 }, options));
  assert.deepEqual([error.status, error.param], [400, 'temperature']);
  const { response } = await client.chat.completions.create({ ...silent('hi'), temperature: 0.5 }).withResponse();
  assert.equal(response.headers.get('x-codexctl-dropped'), 'temperature');
});

// Errors: "After it: one final error event, and no [DONE]".
await check('error: a stream that fails late', async () => {
  await scene({ name: 'failed-after-deltas' }, async () => {
    const error = await fails(client.chat.completions.create({ ...silent('hi'), stream: true }));
    assert.ok(error instanceof OpenAI.APIError, String(error));
    const helper = await fails(client.chat.completions.stream(silent('hi')).finalChatCompletion());
    assert.ok(helper instanceof OpenAI.OpenAIError, String(helper));
  });
  await scene({ name: 'cut-after-three-deltas' }, async () => {
    const native = await fails(client.responses.stream({ model, input: 'hi' }).finalResponse());
    assert.ok(native instanceof OpenAI.OpenAIError, String(native));
  });
});

// Sessions: "the header session_id"; "Each answer names its conversation in header
// x-codexctl-session".
await check('a session by header and by path', async () => {
  const named = sdk('/v1', { defaultHeaders: { session_id: 'node-1' } });
  await named.responses.create({ model, input: 'My name is Alice' });
  const { data, response } = await sdk('/codex/node-1').responses.create({ model, input: "What's my name?" }).withResponse();
  assert.equal(data.output_text, 'Your name is Alice.');
  assert.equal(response.headers.get('x-codexctl-session'), 'node-1');
});

// Errors: "A client that leaves cancels its upstream call."
await check('abort', async () => {
  const slow = { deltas: ['one ', 'two'], event_delay_ms: 10, cut: 'stall', cut_at: 'after_deltas', cut_deltas: 1 };
  await scene(slow, async () => {
    const stream = client.responses.stream({ model, input: 'hi' });
    stream.on('response.output_text.delta', () => stream.abort());
    assert.ok((await fails(stream.done())) instanceof OpenAI.APIUserAbortError);
    assert.equal(await outcome(), 'client_gone');
    for await (const chunk of await client.chat.completions.create({ ...silent('hi'), stream: true })) {
      if (chunk.choices[0].delta.content) break;
    }
    assert.equal(await outcome(), 'client_gone');
  });
});
