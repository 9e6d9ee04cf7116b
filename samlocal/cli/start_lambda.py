"""``samlocal start-lambda``: Lambda's Invoke API for the template's functions, for any SDK."""

from __future__ import annotations

import click

from samlocal.cli.options.debug import service_debugging
from samlocal.cli.options.environment import environment_options
from samlocal.cli.options.listen import listen, listen_flags
from samlocal.cli.options.reload import reload_flag, rereading
from samlocal.cli.options.run import run_options
from samlocal.cli.options.served import FIXED, pool_options, served_flags, warmed
from samlocal.cli.options.stay import StayingCommand, chosen_output, requests_to, stay_flags
from samlocal.cli.runs.keyless import telling_why
from samlocal.collector import held_off

_DEFAULT_PORT = 3001
"""SAM CLI's."""


@click.command("start-lambda", cls=StayingCommand)
@environment_options
@listen_flags(_DEFAULT_PORT, port_help="Port to listen on; 0 takes a free one.")
@served_flags
@reload_flag
@stay_flags
@click.pass_context
def command(ctx: click.Context, /, **_: object) -> int:
    """Serve Lambda's Invoke API to any SDK.

    SDKs and the AWS CLI run the template's functions by an endpoint's URL.

    \b
    Examples:
      samlocal start-lambda -p 3001
      aws lambda invoke --endpoint-url http://127.0.0.1:3001 \\
          --function-name getEvent out.json
    """
    from samlocal.project.project import Project

    output = chosen_output(ctx)
    debug = service_debugging(ctx)
    chosen, options = run_options(ctx)
    output.hears = telling_why(chosen, options, output.notice)
    warm = dict(warmed(ctx.params["warm"]))
    project = ctx.with_resource(Project(chosen, output))
    listens = listen(ctx, output)
    with held_off():
        from samlocal.cli.runs.standing import run_in_session, stand, warm_up
        from samlocal.cli.shown.said import serving
        from samlocal.endpoint.lambda_endpoint import LambdaEndpoint
        from samlocal.kept.door import Overheard, door
        from samlocal.sandbox.session import Session
        from samlocal.service.news import News

    reread = rereading(ctx, run_options, output, fixed=FIXED)

    async def serve(own: Session) -> None:
        async with requests_to(output) as requests:
            overheard = Overheard(requests)
            async with LambdaEndpoint(
                project,
                listens,
                options,
                pool_options(ctx),
                session=own,
                log=overheard,
                hears=requests,
                reload=ctx.params["reload"],
                reread=reread,
                debug=debug,
            ) as endpoint:
                await warm_up(endpoint.service, warm)
                async with endpoint.serving(), door("start-lambda", endpoint.service, overheard, told=requests):

                    async def tell() -> None:
                        requests.serves(
                            serving(
                                project.settings,
                                await endpoint.functions.get(),
                                url=endpoint.url,
                                reloads=ctx.params["reload"],
                                debugged=endpoint.service.debugged,
                            )
                        )

                    async with News(tell) as news:
                        await stand(requests, news, tell, endpoint.service, ends=endpoint.ends)

    run_in_session(ctx, options, output, serve)
    return 0
