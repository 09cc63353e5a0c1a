import { type Field, NUMBER, TEXT, type TypeName } from './fields.ts';
import { count, depth, regularExpression } from './validate.ts';

/** What nodes that list objects have in common. @param without types that such a node does not have */
export const listingFields = (without?: TypeName): readonly Field[] => {
  const of = (types: readonly TypeName[]) => types.filter((type) => type !== without);
  return [
    {
      property: 'dataLinkName',
      value: '',
      icon: 'database',
      types: of(TEXT),
      suggest: 'dataLinks',
      required: true,
    },
    { property: 'basePath', value: '', icon: 'folder-open-o', types: of(TEXT), suggest: 'folders', browse: true },
    { property: 'depth', value: 0, icon: 'level-down', types: of(NUMBER), check: depth },
    { property: 'returnType', value: 'files', icon: 'files-o' },
    { property: 'prefix', value: '', icon: 'filter', types: of(TEXT) },
    { property: 'pattern', value: '', icon: 'asterisk', types: of(TEXT), check: regularExpression },
    { property: 'maxResults', value: 100, icon: 'list-ol', types: of(NUMBER), check: count },
  ];
};
