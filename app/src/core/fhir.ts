import { hexText } from '@/chain/bytes';
import type * as Wasm from './pkg/aegle_fhir';
import fhirUrl from './pkg/aegle_fhir_bg.wasm?url';

/** A file as a person chose it, named from the folder that it is in. */
export interface Chosen {
  name: string;
  content: Blob;
}

/** What would be added, and what became of everything else. */
export interface Plan {
  records: { draft: Wasm.RecordDraft; size: number; sha256: string }[];
  report: Wasm.FhirReport;
}

/** FHIR files on their way to records, in memory alone. */
export class FhirReading {
  readonly #files: Wasm.FhirFiles;
  #import: Wasm.FhirImport | undefined;

  private constructor(files: Wasm.FhirFiles) {
    this.#files = files;
  }

  static async of(chosen: readonly Chosen[]): Promise<FhirReading> {
    const wasm = await import('./pkg/aegle_fhir');
    await wasm.default({ module_or_path: fhirUrl });
    const files = new wasm.FhirFiles();
    for (const { name, content } of chosen) files.add(name, new Uint8Array(await content.arrayBuffer()));
    return new FhirReading(files);
  }

  /** Whom the files are about. */
  patients(): Wasm.FhirPatient[] {
    return this.#files.patients();
  }

  /** Makes records of the patients at these places. */
  async plan(patients: readonly number[]): Promise<Plan> {
    this.#import?.free();
    const made = this.#files.import(Uint32Array.from(patients));
    this.#import = made;
    const records = made.drafts().map(async (draft, place) => {
      const content = new Uint8Array(made.content(place));
      const digest = await crypto.subtle.digest('SHA-256', content);
      return { draft, size: content.length, sha256: hexText(new Uint8Array(digest)) };
    });
    return { records: await Promise.all(records), report: made.report() };
  }

  /** Content of the record at a place of the plan. */
  content(place: number): Blob {
    if (!this.#import) throw new Error('nothing is planned');
    return new Blob([new Uint8Array(this.#import.content(place))]);
  }

  free(): void {
    this.#import?.free();
    this.#files.free();
  }
}
