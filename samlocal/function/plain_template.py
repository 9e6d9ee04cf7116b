"""Another template in an application's place: what the SAM translator makes of it, or what is left to be served."""

from __future__ import annotations

from samlocal.function.application import Application, join
from samlocal.function.translated import kept_for, known_texts
from samlocal.template.document import Document


def translated(application: Application) -> Application:
    """Plain CloudFormation, with the APIs and their stages that SAM makes. Raises translate.RefusedError."""
    from samlocal.template.translate import translate

    template, given = application.template, application.given
    made = translate(
        template.document,
        region=application.place.region,
        parameters=known_texts(given),
        kept=kept_for(template, given, "template", application.prefix),
    ).template
    return with_document(application, Document(path=template.path, root=made, files=application.files))


def with_document(application: Application, document: Document) -> Application:
    """Another document, with the application's values, its environment and its nested stacks."""
    return join(
        document,
        environment=application.environment,
        place=application.place,
        given=(application.given,),
        overrides=(),
        prefix=application.prefix,
        layers={},
        absent=application.absent,
        region_known=application.region_known,
        chain=application.chain[:-1],
        children={each.logical_id: application.child(each.logical_id) for each in application.stacks(absent=True)},
    )
