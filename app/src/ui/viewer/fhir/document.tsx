import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Card } from '@/ui/card';
import { Disclosure } from '@/ui/disclosure';
import { Note } from '@/ui/note';
import { Viewer } from '..';
import { CleanHtml, hasText } from '../html';
import { facts } from './facts';
import { at, gathered, isResource, type Resolve, type Resource, textAt } from './json';
import { results } from './measures';
import { Charts, Observations } from './observations';
import { chosen, title, typeName } from './values';

/** Who and where, told beside what was done. */
const AROUND = [
  'Patient',
  'Practitioner',
  'PractitionerRole',
  'Organization',
  'Location',
  'RelatedPerson',
  'Device',
  'Medication',
  'Specimen',
  'Provenance',
];
/** What is read first. Others follow as they came. */
const ORDER = ['Composition', 'Encounter', 'DiagnosticReport', 'DocumentReference', 'ImagingStudy', 'Condition'];

/** A resource, or a Bundle of them, as one reads it. */
export function FhirDocument({ root }: { root: Resource }) {
  const { t } = useTranslation();
  const { resources, resolve } = gathered(root);
  const composition = root.type === 'document' ? resources.find(isOf('Composition')) : undefined;
  const reported = resources.filter(isOf('DiagnosticReport')).flatMap((one) => results(one, within(one, resolve)));
  const observed = [...new Set([...resources.filter(isOf('Observation')), ...reported])];
  const told = new Set<Resource>(reported);
  const sections = at(composition, 'section');
  for (const one of entries(sections, resolve)) told.add(one);
  const rest = resources.filter((one) => !told.has(one) && one !== composition);
  const loose = rest.filter(isOf('Observation'));
  const around = resources.length > 1 ? rest.filter(({ resourceType }) => AROUND.includes(resourceType)) : [];
  const others = rest.filter((one) => !loose.includes(one) && !around.includes(one)).toSorted(byOrder);
  return (
    <>
      {composition && <Whole resource={composition} resolve={resolve} />}
      {sections.map((section, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: sections do not move
        <Section key={index} section={section} resolve={resolve} />
      ))}
      {composition && (others.length > 0 || loose.length > 0) && <h2>{t('viewer.other')}</h2>}
      {others.map((one, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: resources do not move
        <Whole key={index} resource={one} resolve={resolve} />
      ))}
      <Observations caption={t('viewer.measures')} of={loose} resolve={resolve} />
      <Charts of={observed} resolve={resolve} />
      {around.length > 0 && (
        <Disclosure label={t('viewer.others')}>
          {() =>
            around.map((one, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: resources do not move
              <Whole key={index} resource={one} resolve={resolve} />
            ))
          }
        </Disclosure>
      )}
    </>
  );
}

function isOf(type: string): (resource: Resource) => boolean {
  return ({ resourceType }) => resourceType === type;
}

function byOrder(left: Resource, right: Resource): number {
  const place = ({ resourceType }: Resource) => {
    const found = ORDER.indexOf(resourceType);
    return found < 0 ? ORDER.length : found;
  };
  return place(left) - place(right);
}

/** What sections name, those within sections too. */
function entries(sections: readonly unknown[], resolve: Resolve): Resource[] {
  return sections.flatMap((section) => [
    ...at(section, 'entry').flatMap((entry) => resolve(entry) ?? []),
    ...entries(at(section, 'section'), resolve),
  ]);
}

function Section({ section, resolve }: { section: unknown; resolve: Resolve }) {
  const { t } = useTranslation();
  const named = at(section, 'entry').flatMap((entry) => resolve(entry) ?? []);
  const observations = named.filter(isOf('Observation'));
  const name = textAt(section, 'title') ?? textAt(section, 'code.text') ?? textAt(section, 'code.coding.display');
  const html = textAt(section, 'text.div');
  return (
    <section className="flex flex-col gap-1.5">
      {name && <h2>{name}</h2>}
      {html !== undefined && hasText(html) && <CleanHtml html={html} />}
      {named
        .filter((one) => !observations.includes(one))
        .map((one, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: entries do not move
          <Whole key={index} resource={one} resolve={resolve} />
        ))}
      <Observations caption={name ?? t('viewer.measures')} of={observations} resolve={resolve} />
      {at(section, 'section').map((inner, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: sections do not move
        <Section key={index} section={inner} resolve={resolve} />
      ))}
    </section>
  );
}

/** Finds what is contained in a resource, which it alone names, besides what came along with it. */
function within(resource: Resource, outer: Resolve): Resolve {
  const inner = gathered(resource).resolve;
  return (reference) => inner(reference) ?? outer(reference);
}

/** A resource: its title, what it says, its results and what is attached. */
function Whole({ resource, resolve: outer }: { resource: Resource; resolve: Resolve }) {
  const { t } = useTranslation();
  const { resourceType } = resource;
  const resolve = within(resource, outer);
  if (resourceType === 'Observation') {
    return <Observations caption={title(resource, resolve)} of={[resource]} resolve={resolve} />;
  }
  const name = title(resource, resolve);
  const type = typeName(resourceType);
  const pairs = facts(resource, resolve);
  const html = textAt(resource, 'text.div');
  const isToldByText = pairs.length === 0 && html !== undefined && hasText(html);
  return (
    <Card className="flex min-w-0 flex-col gap-1.5">
      <div>
        <h2>
          <bdi>{name}</bdi>
        </h2>
        {type !== name && <p className="text-soft text-sm">{type}</p>}
      </div>
      {resource.status === 'entered-in-error' && <Note kind="harm">{t('viewer.wrong')}</Note>}
      {pairs.length > 0 && (
        <dl className="grid gap-x-2 gap-y-0.5 sm:grid-cols-[max-content_1fr]">
          {pairs.map(({ name, values }) => (
            <div key={name} className="contents">
              <dt className="text-soft">{name}</dt>
              <dd>
                {values.map((value) => (
                  <span key={value} className="block whitespace-pre-line">
                    <bdi>{value}</bdi>
                  </span>
                ))}
              </dd>
            </div>
          ))}
        </dl>
      )}
      {isToldByText && <CleanHtml html={html} />}
      {resourceType === 'DiagnosticReport' && (
        <Observations caption={name} of={results(resource, resolve)} resolve={resolve} />
      )}
      {resourceType === 'QuestionnaireResponse' && <Answers items={at(resource, 'item')} />}
      {[...at(resource, 'presentedForm'), ...at(resource, 'content.attachment')].map((attachment, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: attachments do not move
        <Attached key={index} attachment={attachment} title={name} />
      ))}
    </Card>
  );
}

function Attached({ attachment, title: fallback }: { attachment: unknown; title: string }): ReactNode {
  const { t } = useTranslation();
  const name = textAt(attachment, 'title') ?? fallback;
  const data = textAt(attachment, 'data');
  const content = data === undefined ? undefined : fromBase64(data);
  if (content) {
    return (
      <Viewer
        mediaType={textAt(attachment, 'contentType') ?? 'application/octet-stream'}
        content={content}
        title={name}
      />
    );
  }
  return textAt(attachment, 'url') ? <Note>{t('viewer.elsewhere', { name })}</Note> : null;
}

function fromBase64(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(text.replace(/\s+/g, '')), (letter) => letter.charCodeAt(0));
  } catch {
    return undefined;
  }
}

/** Questions and what was answered, as they were asked. */
function Answers({ items }: { items: readonly unknown[] }): ReactNode {
  if (items.length === 0) return null;
  return (
    <ul className="flex flex-col gap-1">
      {items.map((item, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: questions do not move
        <li key={index} className="flex flex-col">
          {textAt(item, 'text') && <span className="text-soft">{textAt(item, 'text')}</span>}
          {at(item, 'answer').map((answer, place) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: answers do not move
            <bdi key={place}>{chosen(answer, 'value')}</bdi>
          ))}
          <div className="ps-2">
            <Answers items={[...at(item, 'item'), ...at(item, 'answer.item')]} />
          </div>
        </li>
      ))}
    </ul>
  );
}

/** The resource in a text, if it is one. */
export function readFhir(text: string): Resource | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return isResource(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}
