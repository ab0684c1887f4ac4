import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as fhir from "../../../app/src/core/pkg/aegle_fhir.js";
import { refused } from "./support.mjs";

fhir.initSync({ module: readFileSync(new URL("../../../app/src/core/pkg/aegle_fhir_bg.wasm", import.meta.url)) });

const bundle = {
  resourceType: "Bundle", type: "collection",
  entry: [
    { resource: { resourceType: "Patient", id: "p", name: [{ text: "Made Up" }], birthDate: "1980-01-01" } },
    { resource: {
      resourceType: "Observation", id: "o", status: "final", subject: { reference: "Patient/p" },
      category: [{ coding: [{ system: "http://terminology.hl7.org/CodeSystem/observation-category", code: "laboratory" }] }],
      code: { coding: [{ system: "http://loinc.org", code: "718-7", display: "Hemoglobin" }] },
      effectiveDateTime: "2026-02-27", valueQuantity: { value: 14, unit: "g/dL" },
    } },
  ],
};

test("a Bundle becomes records with labels, titles and content, as the command line imports it", () => {
  const files = new fhir.FhirFiles();
  files.add("bundle.json", Buffer.from(JSON.stringify(bundle)));
  assert.deepEqual(files.patients().map((patient) => patient.birthDate), ["1980-01-01"]);
  const made = files.import(Uint32Array.of(0));
  const drafts = made.drafts();
  const laboratory = drafts.findIndex((draft) => draft.labels.categories.includes("laboratory"));
  assert.deepEqual(drafts[laboratory].labels.types, ["Observation"]);
  assert.equal(drafts[laboratory].labels.from, "2026-02-27");
  assert.equal(drafts[laboratory].media_type, "application/fhir+json");
  assert.match(Buffer.from(made.content(laboratory)).toString(), /"code":"718-7"/);
  const report = made.report();
  assert.equal(report.read, 2);
  assert.equal(report.mapped, 2);
  assert.throws(() => made.content(99), refused("bad_argument"));
});

test("an import names a patient that is there", () => {
  const files = new fhir.FhirFiles();
  assert.throws(() => files.patients(), refused("bad_argument"));
  files.add("bundle.json", Buffer.from("not JSON"));
  assert.deepEqual(files.patients(), []);
  assert.throws(() => files.import(Uint32Array.of(0)), refused("bad_fhir"));
});
