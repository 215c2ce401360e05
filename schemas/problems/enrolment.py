"""How an institution enrols."""

from schemas.problems.shape import Kind, refusal

BENEFIT_TWICE = refusal("benefit_twice", Kind.conflict, "Один код льготы указан дважды", "A benefit's code comes twice")
