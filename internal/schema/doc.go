// Package schema reads what `--schema` and `--schema-multi` are given, says what of
// it the backend would take, and checks answers against it. It is pure: no files, no
// network, no clock; nothing that a schema refers to is ever fetched.
//
// A [Schema] has two forms. The one that was given is what `data` must satisfy. The
// one that is sent is the same, unless it had to be put into an object: the backend
// wants an object at the top (fact 1 below). Then [Schema.Unwrap] takes it out again.
//
// The rules of the short form are llm's (https://llm.datasette.io/en/stable/schemas.html,
// "Concise LLM schema syntax"), but for one: the objects it makes say
// "additionalProperties": false, as strict mode demands.
//
// The rules of strict mode are those of the guide "Structured Outputs",
// https://developers.openai.com/api/docs/guides/structured-outputs#supported-schemas,
// called "the guide" below. They were taken in 2026-11 from copies of it, the newest of
// 2026-07 and later, not from the live page. What the guide leaves open is settled by
// refusals that others have recorded; the comment at the rule quotes them.
//
//  1. The root is an object and has no anyOf.
//  2. All properties are required; additionalProperties is false in every object.
//  3. At most 5000 properties, 10 levels of nesting, 1000 enum values, and 120000
//     characters in the names of properties and definitions, enum and const values;
//     15000 characters in one enum of strings with more than 250 values.
//  4. Of the keywords only those in strictKeywords.
//
// Answers are checked by the rules of 2020-12 and draft-07. The walk that does it counts
// its steps, refuses what would take too long, and remembers the first fault. The tests
// hold its verdicts against those of github.com/google/jsonschema-go and the official
// test suite (docs/decisions/0015-own-verdict.md).
package schema
