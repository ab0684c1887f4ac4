import { Label, ToggleButton, ToggleButtonGroup } from 'react-aria-components';

/** Shows the same in one of several ways. */
export function SwitchView<T extends string>({
  label,
  value,
  onChange,
  options,
}: {
  label: string;
  value: T;
  onChange: (chosen: T) => void;
  options: readonly { id: T; name: string }[];
}) {
  return (
    <ToggleButtonGroup
      selectionMode="single"
      disallowEmptySelection
      selectedKeys={[value]}
      onSelectionChange={([chosen]) => onChange(chosen as T)}
      className="flex flex-wrap items-center gap-1"
    >
      <Label className="sr-only">{label}</Label>
      {options.map(({ id, name }) => (
        <ToggleButton
          key={id}
          id={id}
          className="min-h-[44px] cursor-pointer rounded-full border border-edge bg-sheet px-2 data-[selected]:border-act data-[selected]:bg-act-tint data-[selected]:font-bold"
        >
          {name}
        </ToggleButton>
      ))}
    </ToggleButtonGroup>
  );
}
