import { render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, test } from 'vitest';
import { barriers } from '@/test/axe';
import { Viewer } from '.';

const bytes = (text: string) => new TextEncoder().encode(text);

function show(content: unknown, mediaType = 'application/fhir+json') {
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  return render(<Viewer mediaType={mediaType} content={bytes(text)} title="A record" />);
}

const haemoglobin = { coding: [{ system: 'http://loinc.org', code: '718-7', display: 'Haemoglobin' }] };

function observation(value: number, day: string, more: object = {}) {
  return {
    resourceType: 'Observation',
    id: `o-${day}`,
    status: 'final',
    code: haemoglobin,
    effectiveDateTime: day,
    valueQuantity: { value, unit: 'g/dl', system: 'http://unitsofmeasure.org', code: 'g/dL' },
    referenceRange: [{ low: { value: 12, unit: 'g/dl' }, high: { value: 16, unit: 'g/dl' } }],
    performer: [{ display: 'Laboratory by the river' }],
    ...more,
  };
}

function bundle(...resources: { resourceType: string; id?: string }[]) {
  const entry = resources.map((resource) => ({ fullUrl: `urn:test:${resource.id}`, resource }));
  return { resourceType: 'Bundle', type: 'collection', entry };
}

describe('results', () => {
  test('a result is a line with its unit, reference range, day and source', () => {
    show(observation(13.2, '2026-03-04'));
    const cells = within(screen.getByRole('table')).getAllByRole('row')[1];
    expect(cells?.textContent).toContain('Haemoglobin');
    expect(cells?.textContent).toContain('13.2 g/dl');
    expect(cells?.textContent).toContain('12 to 16 g/dl');
    expect(cells?.textContent).toContain('March 4, 2026');
    expect(cells?.textContent).toContain('Laboratory by the river');
  });

  test('a result outside its range says so in words, by the range or by who issued it', () => {
    show(
      bundle(
        observation(10, '2026-01-01'),
        observation(17, '2026-02-01'),
        observation(11, '2026-03-01', { interpretation: [{ coding: [{ code: 'LL' }] }] }),
        observation(18, '2026-04-01', { interpretation: [{ coding: [{ code: 'N' }] }] }),
      ),
    );
    const rows = within(screen.getByRole('table', { name: 'Results' }))
      .getAllByRole('row')
      .slice(1);
    expect(rows.map((row) => /(very )?(low|high)/.exec(row.textContent ?? '')?.[0])).toEqual([
      'low',
      'high',
      'very low',
      undefined,
    ]);
  });

  test('several values of a measure are a chart with its band, and a table behind it', async () => {
    const { container } = show(bundle(observation(13, '2026-01-01'), observation(17, '2026-02-01')));
    const chart = screen.getByRole('img');
    expect(chart.getAttribute('aria-label')).toBe(
      'Haemoglobin: 2 values from January 1, 2026 to February 1, 2026, between 13 g/dl and 17 g/dl. ' +
        'The reference range is 12 to 16 g/dl. One outside the reference range.',
    );
    expect(container.querySelector('[data-band]')).not.toBeNull();
    await userEvent.click(screen.getByText('The values as a table'));
    const rows = within(screen.getByRole('table', { name: 'Haemoglobin' })).getAllByRole('row');
    expect(rows).toHaveLength(3);
  });

  test('values of another unit, of one moment, or marked as wrong make no chart', () => {
    show(
      bundle(
        observation(13, '2026-01-01'),
        observation(8.1, '2026-02-01', { valueQuantity: { value: 8.1, unit: 'mmol/l' } }),
        observation(99, '2026-03-01', { status: 'entered-in-error' }),
        observation(13, '2026-01-01'),
      ),
    );
    expect(screen.queryByRole('img')).toBeNull();
    expect(screen.getByText('Marked as wrong by whoever issued it')).toBeTruthy();
  });

  test('a range that changed is no band', () => {
    const other = [{ low: { value: 11 }, high: { value: 15 } }];
    const { container } = show(
      bundle(observation(13, '2026-01-01'), observation(14, '2026-02-01', { referenceRange: other })),
    );
    expect(screen.getByRole('img')).toBeTruthy();
    expect(container.querySelector('[data-band]')).toBeNull();
  });

  test('parts of a panel are lines below it', () => {
    const part = (name: string, value: number) => ({
      code: { text: name },
      valueQuantity: { value, unit: 'mmHg' },
    });
    show({
      resourceType: 'Observation',
      status: 'final',
      code: { text: 'Blood pressure' },
      effectiveDateTime: '2026-05-06T08:30:00+02:00',
      component: [part('Systolic', 128), part('Diastolic', 82)],
    });
    const rows = screen.getAllByRole('row').slice(1);
    expect(rows.map((row) => row.textContent)).toEqual([
      expect.stringContaining('Blood pressure'),
      expect.stringMatching(/Systolic128 mmHg/),
      expect.stringMatching(/Diastolic82 mmHg/),
    ]);
    // The time of day that was written, whatever the reader's zone.
    expect(rows[0]?.textContent).toContain('8:30');
  });
});

describe('documents', () => {
  test('a report shows its results once, with what was concluded and attached', () => {
    const report = {
      resourceType: 'DiagnosticReport',
      id: 'report',
      status: 'final',
      code: { text: 'Blood count' },
      effectiveDateTime: '2026-03-04',
      conclusion: 'Nothing unusual.',
      result: [{ reference: 'Observation/o-2026-03-04' }],
      presentedForm: [
        { contentType: 'text/plain', data: btoa('as it was printed'), title: 'Print' },
        { contentType: 'application/pdf', data: btoa('%PDF-'), title: 'Letter' },
        { contentType: 'application/pdf', url: 'https://example.org/secret.pdf', title: 'Elsewhere' },
      ],
    };
    const { container } = show(bundle(report, observation(13, '2026-03-04')));
    expect(screen.getByRole('heading', { name: 'Blood count' })).toBeTruthy();
    expect(screen.getByText('Nothing unusual.')).toBeTruthy();
    expect(screen.getAllByRole('table')).toHaveLength(1);
    expect(screen.getByText('as it was printed')).toBeTruthy();
    expect(screen.getByText(/PDF document/)).toBeTruthy();
    expect(screen.getByText(/Aegle fetches nothing from elsewhere/)).toBeTruthy();
    expect(container.innerHTML).not.toContain('example.org');
  });

  test("a document's sections come in their order, with what they name", () => {
    const document = {
      resourceType: 'Bundle',
      type: 'document',
      entry: [
        {
          resource: {
            resourceType: 'Composition',
            title: 'Discharge letter',
            date: '2026-02',
            status: 'final',
            section: [
              { title: 'Course', text: { div: '<div><p>Went <b>well</b>.</p></div>' } },
              { title: 'Allergies', entry: [{ reference: 'AllergyIntolerance/a' }] },
            ],
          },
        },
        {
          resource: {
            resourceType: 'AllergyIntolerance',
            id: 'a',
            code: { text: 'Penicillin' },
            reaction: [{ manifestation: [{ text: 'Rash' }] }],
          },
        },
      ],
    };
    show(document);
    expect(screen.getAllByRole('heading').map(({ textContent }) => textContent)).toEqual([
      'Discharge letter',
      'Course',
      'Allergies',
      'Penicillin',
    ]);
    expect(screen.getByText('Rash')).toBeTruthy();
    expect(screen.getByText('February 2026')).toBeTruthy();
  });

  test('a type nobody thought of still shows what it is called, and all of it as it was issued', async () => {
    const odd = { resourceType: 'NutritionOrder', dateTime: '2026-01-01', foodPreferenceModifier: [{ text: 'vegan' }] };
    show(odd);
    expect(screen.getByRole('heading', { name: 'Nutrition Order' })).toBeTruthy();
    await userEvent.click(screen.getByText('Exactly as it was issued'));
    expect(screen.getByText(JSON.stringify(odd))).toBeTruthy();
  });

  test('nothing in a narrative acts or is fetched', () => {
    const div =
      '<div onclick="x()"><script>x()</script><style>p{}</style><img src="https://example.org/a.png" onerror="x()"/>' +
      '<a href="javascript:x()">Read</a><iframe src="https://example.org"></iframe><table><tr><td>cell</td></tr></table></div>';
    const { container } = show({ resourceType: 'Basic', text: { status: 'generated', div } });
    expect(container.textContent).toContain('Read');
    expect(container.textContent).toContain('cell');
    for (const name of ['script', 'style', 'img', 'a', 'iframe']) expect(container.querySelector(name)).toBeNull();
    expect(container.innerHTML).not.toMatch(/onclick|onerror|javascript:|example\.org/);
  });

  test('what is wrong inside a resource leaves the rest readable', () => {
    const { container } = show(
      bundle(
        { resourceType: 'Condition', id: 'c', code: 'not a concept', onsetDateTime: 7, note: 'none' } as never,
        { resourceType: 'Observation', id: 'x', component: 'none', referenceRange: {}, valueQuantity: [] } as never,
        { resourceType: 'Procedure', id: 'p', code: { text: 'Vaccination talk' }, performedPeriod: null } as never,
      ),
    );
    expect(container.textContent).toContain('Vaccination talk');
  });

  test('resources that name each other end', () => {
    const { container } = show({
      resourceType: 'Bundle',
      type: 'document',
      entry: [
        {
          resource: {
            resourceType: 'Composition',
            title: 'Round',
            section: [{ entry: [{ reference: 'Medication/m' }] }],
          },
        },
        { resource: { resourceType: 'Medication', id: 'm', medicationReference: { reference: 'Medication/m' } } },
      ],
    });
    expect(container.textContent).toContain('Round');
  });
});

describe('files', () => {
  test('a text is shown in its charset, and never as markup', () => {
    const latin = new Uint8Array([0x47, 0x72, 0xfc, 0xdf, 0x65, 0x20, 0x3c, 0x62, 0x3e]);
    render(<Viewer mediaType="text/plain; charset=iso-8859-1" content={latin} title="Note" />);
    expect(screen.getByText('Grüße <b>')).toBeTruthy();
  });

  test('a picture is named by its title', async () => {
    render(<Viewer mediaType="image/png" content={new Uint8Array([1])} title="X-ray of a hand" />);
    expect((await screen.findByRole('img', { name: 'X-ray of a hand' })).getAttribute('src')).toMatch(/^blob:/);
    await userEvent.click(screen.getByRole('button', { name: 'Actual size' }));
    expect(screen.getByRole('button', { name: 'Fit to the page' })).toBeTruthy();
  });

  test('what cannot be shown is offered to download, and SVG is no picture', () => {
    render(<Viewer mediaType="application/pdf" content={bytes('%PDF-')} title="Letter" />);
    expect(screen.getByRole('button', { name: 'Download' })).toBeTruthy();
    render(<Viewer mediaType="image/svg+xml" content={bytes('<svg/>')} title="Drawing" />);
    expect(screen.queryByRole('img')).toBeNull();
  });

  test('FHIR that is none is shown as text, and says so', () => {
    show('{"resourceType":');
    expect(screen.getByText(/cannot be read as one/)).toBeTruthy();
    expect(screen.getByText('{"resourceType":')).toBeTruthy();
  });

  test('an empty record says that it is', () => {
    show('');
    expect(screen.getByText('There is nothing in this record.')).toBeTruthy();
  });
});

test('no barriers to screen readers', async () => {
  const report = {
    resourceType: 'DiagnosticReport',
    id: 'r',
    code: { text: 'Blood count' },
    result: [{ reference: 'Observation/o-2026-01-01' }],
  };
  const { container } = show(
    bundle(report, observation(13, '2026-01-01'), observation(14, '2026-02-01'), observation(17, '2026-03-01'), {
      resourceType: 'Patient',
      id: 'p',
    }),
  );
  expect(await barriers(container)).toEqual([]);
});
