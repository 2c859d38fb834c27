"""An example of any event struct: deterministic, with every field present, for documents and golden files."""

from datetime import UTC, date, datetime
from typing import Any

import msgspec
from msgspec import inspect

INSTANT = datetime(2026, 3, 2, 9, 30, 15, 123457, UTC)
_SCALARS: dict[type, Any] = {
    inspect.BoolType: True,
    inspect.IntType: 1250,
    inspect.FloatType: 0.5,
    inspect.DateTimeType: INSTANT,
    inspect.DateType: date(2026, 3, 2),
    inspect.AnyType: "anything",
}


def example(struct: type[Any]) -> Any:
    """An instance of a msgspec struct. Texts are made of the field's name, alternatives take the first."""
    return msgspec.convert(_value(inspect.type_info(struct), struct.__name__), struct)


def _value(kind: inspect.Type, name: str) -> Any:
    if type(kind) in _SCALARS:
        return _SCALARS[type(kind)]
    match kind:
        case inspect.StrType():
            return f"{name}_1"
        case inspect.LiteralType(values):
            return values[0]
        case inspect.UnionType(types):
            return _value(next(each for each in types if not isinstance(each, inspect.NoneType)), name)
        case inspect.StructType(fields=fields):
            return {field.encode_name: _value(field.type, field.name) for field in fields}
        case _:
            return _collection(kind, name)


def _collection(kind: inspect.Type, name: str) -> Any:
    match kind:
        case inspect.DictType(key_type=key, value_type=value):
            return {_value(key, "key"): _value(value, name)}
        case inspect.TupleType(item_types=items):
            return [_value(item, name) for item in items]
        case inspect.ListType(item_type=item) | inspect.VarTupleType(item_type=item):
            return [_value(item, name)]
        case _:
            raise NotImplementedError(f"no example for {type(kind).__name__}")
