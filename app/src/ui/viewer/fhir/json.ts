/** FHIR as it came: nothing is taken for granted but that it is JSON. */

export interface Resource {
  resourceType: string;
  [member: string]: unknown;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isResource(value: unknown): value is Resource {
  return isObject(value) && typeof value.resourceType === 'string';
}

/** What stands under a path such as `code.coding`, through lists as if they were not there. */
export function at(value: unknown, path: string): unknown[] {
  return path.split('.').reduce<unknown[]>(
    (found, member) =>
      found.flatMap((one) => {
        const next = isObject(one) && Object.hasOwn(one, member) ? one[member] : undefined;
        return next === undefined || next === null ? [] : next;
      }),
    [value].flat(),
  );
}

/** The first text under a path. */
export function textAt(value: unknown, path: string): string | undefined {
  return at(value, path).find((found): found is string => typeof found === 'string' && found.trim() !== '');
}

/** The first number under a path. */
export function numberAt(value: unknown, path: string): number | undefined {
  return at(value, path).find((found): found is number => typeof found === 'number');
}

/** A member that may be of several types, such as `value[x]`, with the type that it is of. */
export function choice(of: unknown, name: string): { type: string; value: unknown } | undefined {
  if (!isObject(of)) return undefined;
  for (const [member, value] of Object.entries(of)) {
    const type = member.slice(name.length);
    if (member.startsWith(name) && /^[A-Z]/.test(type) && value !== null) return { type, value };
  }
  return undefined;
}

/** Finds what a reference names among resources that came together. */
export type Resolve = (reference: unknown) => Resource | undefined;

/** The resources of a Bundle, or the one, with what is contained in them found by reference. */
export function gathered(root: Resource): { resources: Resource[]; resolve: Resolve } {
  const byName = new Map<string, Resource>();
  const add = (resource: Resource, fullUrl?: unknown) => {
    if (typeof fullUrl === 'string') byName.set(fullUrl, resource);
    if (typeof resource.id === 'string') byName.set(`${resource.resourceType}/${resource.id}`, resource);
    for (const contained of at(resource, 'contained')) {
      if (isResource(contained) && typeof contained.id === 'string') byName.set(`#${contained.id}`, contained);
    }
  };
  const resources: Resource[] = [];
  if (root.resourceType === 'Bundle') {
    for (const entry of at(root, 'entry')) {
      const resource = isObject(entry) ? entry.resource : undefined;
      if (!isResource(resource)) continue;
      resources.push(resource);
      add(resource, (entry as Record<string, unknown>).fullUrl);
    }
  } else {
    resources.push(root);
    add(root);
  }
  const resolve: Resolve = (reference) => {
    const name = textAt(reference, 'reference');
    if (name === undefined) return undefined;
    // `https://server/fhir/Practitioner/1/_history/2` is found by its type and id too.
    const local = /(?:^|\/)([A-Z]\w+\/[\w.-]+?)(?:\/_history\/.*)?$/.exec(name)?.[1];
    return byName.get(name) ?? (local === undefined ? undefined : byName.get(local));
  };
  return { resources, resolve };
}
