import i18next from 'i18next';
import type viewerWords from '@/words/en/viewer.json';
import { at, type Resolve, type Resource } from './json';
import { chosen, type Form, said } from './values';

type Name = keyof typeof viewerWords.fields;
/** What it is called, where it stands (`[x]` for a member of several types), and what it is. */
type Field = [name: Name, path: string, form?: Form];

/** What is said of a resource beside its title, by type, in the order in which it is read. */
const FIELDS: Record<string, Field[]> = {
  AllergyIntolerance: [
    ['status', 'clinicalStatus', 'concept'],
    ['criticality', 'criticality', 'text'],
    ['reaction', 'reaction.manifestation', 'concept'],
    ['severity', 'reaction.severity', 'text'],
    ['started', 'onset[x]'],
  ],
  CarePlan: [
    ['when', 'period', 'period'],
    ['part', 'activity.detail.code', 'concept'],
    ['goal', 'goal', 'reference'],
  ],
  CareTeam: [
    ['when', 'period', 'period'],
    ['by', 'participant.member', 'reference'],
  ],
  Claim: [
    ['when', 'billablePeriod', 'period'],
    ['issued', 'created', 'date'],
    ['by', 'provider', 'reference'],
    ['insurer', 'insurer', 'reference'],
    ['part', 'item.productOrService', 'concept'],
    ['total', 'total', 'quantity'],
  ],
  Composition: [
    ['kind', 'type', 'concept'],
    ['when', 'date', 'date'],
    ['by', 'author', 'reference'],
    ['where', 'custodian', 'reference'],
  ],
  Condition: [
    ['status', 'clinicalStatus', 'concept'],
    ['severity', 'severity', 'concept'],
    ['site', 'bodySite', 'concept'],
    ['started', 'onset[x]'],
    ['ended', 'abatement[x]'],
    ['recorded', 'recordedDate', 'date'],
  ],
  Coverage: [
    ['insurer', 'payor', 'reference'],
    ['when', 'period', 'period'],
  ],
  Device: [['until', 'expirationDate', 'date']],
  DiagnosticReport: [
    ['kind', 'category', 'concept'],
    ['when', 'effective[x]'],
    ['issued', 'issued', 'date'],
    ['by', 'performer', 'reference'],
    ['by', 'resultsInterpreter', 'reference'],
    ['specimen', 'specimen', 'reference'],
    ['conclusion', 'conclusion', 'text'],
    ['conclusion', 'conclusionCode', 'concept'],
  ],
  DocumentReference: [
    ['kind', 'type', 'concept'],
    ['when', 'date', 'date'],
    ['by', 'author', 'reference'],
    ['where', 'custodian', 'reference'],
  ],
  Encounter: [
    ['kind', 'class', 'concept'],
    ['when', 'period', 'period'],
    ['reason', 'reasonCode', 'concept'],
    ['by', 'participant.individual', 'reference'],
    ['where', 'serviceProvider', 'reference'],
    ['where', 'location.location', 'reference'],
    ['outcome', 'hospitalization.dischargeDisposition', 'concept'],
  ],
  ExplanationOfBenefit: [
    ['when', 'billablePeriod', 'period'],
    ['insurer', 'insurer', 'reference'],
    ['part', 'item.productOrService', 'concept'],
    ['total', 'payment.amount', 'quantity'],
  ],
  FamilyMemberHistory: [
    ['kind', 'relationship', 'concept'],
    ['part', 'condition.code', 'concept'],
  ],
  Goal: [
    ['kind', 'description', 'concept'],
    ['status', 'lifecycleStatus', 'text'],
  ],
  ImagingStudy: [
    ['when', 'started', 'date'],
    ['kind', 'modality', 'concept'],
    ['part', 'series.description', 'text'],
    ['site', 'series.bodySite', 'concept'],
    ['by', 'interpreter', 'reference'],
  ],
  Immunization: [
    ['when', 'occurrence[x]'],
    ['lot', 'lotNumber', 'text'],
    ['site', 'site', 'concept'],
    ['route', 'route', 'concept'],
    ['dose', 'doseQuantity', 'quantity'],
    ['by', 'performer.actor', 'reference'],
    ['where', 'location', 'reference'],
  ],
  MedicationAdministration: [
    ['when', 'effective[x]'],
    ['dose', 'dosage', 'dosage'],
  ],
  MedicationDispense: [
    ['when', 'whenHandedOver', 'date'],
    ['amount', 'quantity', 'quantity'],
    ['dose', 'dosageInstruction', 'dosage'],
  ],
  MedicationRequest: [
    ['issued', 'authoredOn', 'date'],
    ['dose', 'dosageInstruction', 'dosage'],
    ['amount', 'dispenseRequest.quantity', 'quantity'],
    ['refills', 'dispenseRequest.numberOfRepeatsAllowed', 'count'],
    ['until', 'dispenseRequest.validityPeriod', 'period'],
    ['reason', 'reasonCode', 'concept'],
    ['by', 'requester', 'reference'],
  ],
  MedicationStatement: [
    ['when', 'effective[x]'],
    ['dose', 'dosage', 'dosage'],
    ['reason', 'reasonCode', 'concept'],
  ],
  Organization: [
    ['address', 'address', 'address'],
    ['contact', 'telecom', 'text'],
  ],
  Location: [
    ['address', 'address', 'address'],
    ['contact', 'telecom', 'text'],
  ],
  Patient: [
    ['name', 'name', 'name'],
    ['born', 'birthDate', 'date'],
    ['gender', 'gender', 'text'],
    ['died', 'deceased[x]'],
    ['address', 'address', 'address'],
    ['contact', 'telecom', 'text'],
  ],
  Practitioner: [
    ['kind', 'qualification.code', 'concept'],
    ['address', 'address', 'address'],
    ['contact', 'telecom', 'text'],
  ],
  Procedure: [
    ['when', 'performed[x]'],
    ['reason', 'reasonCode', 'concept'],
    ['site', 'bodySite', 'concept'],
    ['outcome', 'outcome', 'concept'],
    ['by', 'performer.actor', 'reference'],
    ['where', 'location', 'reference'],
    ['device', 'focalDevice.manipulated', 'reference'],
  ],
  ServiceRequest: [
    ['issued', 'authoredOn', 'date'],
    ['when', 'occurrence[x]'],
    ['reason', 'reasonCode', 'concept'],
    ['by', 'requester', 'reference'],
  ],
  Specimen: [
    ['kind', 'type', 'concept'],
    ['when', 'collection.collectedDateTime', 'date'],
  ],
};

/** Fields that many types have, for those that are not listed. */
const USUAL: Field[] = [
  ['kind', 'category', 'concept'],
  ['when', 'effective[x]'],
  ['when', 'occurrence[x]'],
  ['when', 'period', 'period'],
  ['when', 'date', 'date'],
  ['issued', 'authoredOn', 'date'],
  ['result', 'value[x]'],
  ['reason', 'reasonCode', 'concept'],
];

/** Statuses that go without saying. */
const PLAIN = ['final', 'completed', 'finished', 'active', 'current', 'available', 'unknown'];

export interface Fact {
  name: string;
  values: string[];
}

/** What a resource says, as pairs of a name and values. What it does not say is left out. */
export function facts(resource: Resource, resolve: Resolve): Fact[] {
  const found = new Map<Name, Set<string>>();
  const add = (name: Name, value: string | undefined) => {
    if (value) found.set(name, (found.get(name) ?? new Set()).add(value));
  };
  for (const [name, path, form = 'text'] of FIELDS[resource.resourceType] ?? USUAL) {
    if (path.endsWith('[x]')) add(name, chosen(resource, path.slice(0, -3), resolve));
    else for (const value of at(resource, path)) add(name, said(form, value, resolve));
  }
  const { status } = resource;
  if (typeof status === 'string' && !PLAIN.includes(status) && status !== 'entered-in-error') add('status', status);
  for (const note of at(resource, 'note')) add('note', said('text', note, resolve));
  return [...found].map(([name, values]) => ({ name: i18next.t(`viewer.fields.${name}`), values: [...values] }));
}
