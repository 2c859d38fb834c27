"""Routes of survey answers and recognitions."""

from services.directory import admit
from services.interaction import feedback
from services.interaction.api.common import (
    TOPIC,
    CustomerId,
    InstitutionId,
    Interactions,
    Rating,
    Recording,
    feedback_target,
    intent,
)
from services.interaction.contract import RecognitionGiven, RecognitionKind, SurveyAnswered, SurveyMethod
from shared.web import Body, Integer, OccurredAt, Receipt, ReferenceIn, problems, router
from shared.web.resources import accepted, identity

routes = router(tags=["feedback"])


class SurveyAnswerIn(Body):
    """CSAT 1 to 5, NPS 0 to 10, CES 1 to 7 where 7 is easy."""

    customer_id: CustomerId
    institution_id: InstitutionId | None = None
    method: SurveyMethod
    value: Integer
    reference: ReferenceIn | None = None
    occurred_at: OccurredAt | None = None


class RecognitionIn(Body):
    """A greeting, a gift, a reward: a sign that the customer is remembered."""

    customer_id: CustomerId
    institution_id: InstitutionId | None = None
    kind: RecognitionKind
    reference: ReferenceIn | None = None
    occurred_at: OccurredAt | None = None


@routes.post("/v1/surveys/answers", status_code=201, summary="Record a survey answer", responses=problems(409, 410))
async def record_answer(body: SurveyAnswerIn, call: Rating, interactions: Interactions) -> Receipt:
    (place,) = await admit(interactions.directory, [body], call.scope)
    survey_id = identity("sur", call, body.reference)
    answered = SurveyAnswered(survey_id, body.customer_id, body.method, body.value, accepted(place))
    at = call.occurred_at(body.occurred_at)
    key = call.reference_key("survey", body.reference.value if body.reference else None)
    wanted = intent(feedback_target("survey", survey_id), feedback.say, answered, at=at, key=key)
    return await call.run(interactions.executor, wanted, topic=TOPIC, match=False)


@routes.post("/v1/recognitions", status_code=201, summary="Record a recognition", responses=problems(409, 410))
async def record_recognition(body: RecognitionIn, call: Recording, interactions: Interactions) -> Receipt:
    (place,) = await admit(interactions.directory, [body], call.scope)
    accepted(place)
    recognition_id = identity("rec", call, body.reference)
    given = RecognitionGiven(recognition_id, body.customer_id, body.kind)
    at = call.occurred_at(body.occurred_at)
    key = call.reference_key("recognition", body.reference.value if body.reference else None)
    wanted = intent(feedback_target("recognition", recognition_id), feedback.say, given, at=at, key=key)
    return await call.run(interactions.executor, wanted, topic=TOPIC, match=False)
