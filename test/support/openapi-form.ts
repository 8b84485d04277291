/**
 * What an OpenAPI 3.1 document has to look like, as far as ours goes: every object strict, so that a field of a wrong name is
 * found, with the rules that bind several fields to each other.
 */
import { z } from 'zod';

const text = z.string().min(1);

const schemaOrReference = z.union([
  z.strictObject({ $ref: z.string().regex(/^#\/components\/schemas\/[\w.-]+$/) }),
  z.strictObject({
    type: z.enum(['string', 'number', 'integer', 'boolean', 'array', 'object', 'null']).optional(),
    enum: z.array(z.unknown()).min(1).optional(),
    required: z.array(text).optional(),
    get properties() {
      return z.record(text, schemaOrReference).optional();
    },
  }),
]) as z.ZodType;

const parameter = z
  .strictObject({
    name: text,
    in: z.enum(['path', 'query', 'header', 'cookie']),
    required: z.boolean(),
    description: text.optional(),
    schema: schemaOrReference,
  })
  .refine((one) => one.in !== 'path' || one.required, 'what stands in a path is required');

const response = z.strictObject({
  description: text,
  content: z.record(z.string().regex(/^\w+\/[\w.+-]+$/), z.strictObject({ schema: schemaOrReference })).optional(),
});

const operation = z
  .strictObject({
    operationId: text,
    summary: text,
    description: text,
    tags: z.array(text).min(1),
    parameters: z.array(parameter),
    responses: z.record(z.string().regex(/^(?:[1-5]\d\d|default)$/), response).refine((all) => '200' in all),
    'x-orchestrator-role': text,
  })
  .refine(({ parameters }) => {
    const names = parameters.map((one) => `${one.in} ${one.name}`);
    return new Set(names).size === names.length;
  }, 'no parameter stands twice');

const paths = z
  .record(z.string().startsWith('/'), z.strictObject({ get: operation }))
  .refine((all) => {
    // Two templates that differ in the names of their parameters alone are one to a reader.
    const shapes = Object.keys(all).map((path) => path.replaceAll(/\{\w+\}/g, '{}'));
    return new Set(shapes).size === shapes.length;
  }, 'no path stands twice')
  .refine(
    (all) =>
      Object.entries(all).every(([path, { get }]) => {
        const inTemplate = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
        const given = get.parameters.filter((one) => one.in === 'path').map(({ name }) => name);
        return inTemplate.join() === given.sort().join();
      }),
    'a path and its parameters have the same names',
  );

export const OPENAPI_FORM = z
  .strictObject({
    openapi: z.string().regex(/^3\.1\.\d+$/),
    info: z.strictObject({ title: text, version: text, description: text }),
    servers: z.array(z.strictObject({ url: z.string().startsWith('/') })).min(1),
    tags: z.array(z.strictObject({ name: text })),
    security: z.array(z.record(text, z.array(z.string()))),
    paths,
    components: z.strictObject({
      schemas: z.record(z.string().regex(/^[\w.-]+$/), schemaOrReference),
      securitySchemes: z.record(
        z.string().regex(/^[\w.-]+$/),
        z.strictObject({ type: z.literal('http'), scheme: z.enum(['basic', 'bearer']) }),
      ),
    }),
  })
  .refine(
    ({ security, components }) =>
      security.every((one) => Object.keys(one).every((name) => name in components.securitySchemes)),
    'every way of coming in is described',
  )
  .refine(({ tags, paths: all }) => {
    const known = new Set(tags.map(({ name }) => name));
    return Object.values(all).every(({ get }) => get.tags.every((tag) => known.has(tag)));
  }, 'every tag is listed');
