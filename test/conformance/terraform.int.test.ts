import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Emulator, startEmulator } from '../../apps/emulator/start.js';
import { describeWith, providerMirror, run, runs } from './outside-tools.js';
import { packageNumber } from './package-zip.js';

const CONFIGURATION = `
terraform {
  required_providers { aws = { source = "hashicorp/aws" } }
}
variable "endpoint" {}
variable "package" {}
variable "primary" {}
variable "weights" { type = map(number) }
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  endpoints {
    lambda     = var.endpoint
    sts        = var.endpoint
    cloudwatch = var.endpoint
  }
}
resource "aws_lambda_function" "one" {
  function_name    = "by-terraform"
  filename         = var.package
  source_code_hash = filebase64sha256(var.package)
  handler          = "index.handler"
  runtime          = "nodejs20.x"
  role             = "arn:aws:iam::000000000000:role/r"
  publish          = true
  timeout          = 7
  tags             = { team = "a" }
  environment { variables = { STAGE = "test" } }
}
resource "aws_lambda_alias" "live" {
  name             = "live"
  function_name    = aws_lambda_function.one.function_name
  function_version = var.primary
  dynamic "routing_config" {
    for_each = length(var.weights) > 0 ? [1] : []
    content { additional_version_weights = var.weights }
  }
}
resource "aws_lambda_permission" "events" {
  statement_id  = "events"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.one.function_name
  qualifier     = aws_lambda_alias.live.name
  principal     = "events.amazonaws.com"
}
resource "aws_lambda_event_source_mapping" "queue" {
  event_source_arn = "arn:aws:sqs:us-east-1:000000000000:queue"
  function_name    = aws_lambda_alias.live.arn
}
resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "by-terraform"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 2
  metric_name         = "Errors"
  namespace           = "AWS/Lambda"
  period              = 60
  statistic           = "Sum"
  threshold           = 1
  dimensions          = { FunctionName = "by-terraform" }
}
`;

const present = runs('terraform', 'version') && providerMirror !== undefined;

describeWith('Terraform or its AWS provider is not here (TERRAFORM_PROVIDERS)', present)('Terraform', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-terraform-'));
  let emulator: Emulator;
  beforeAll(async () => {
    emulator = await startEmulator({ port: 0, settleMs: 50 });
    writeFileSync(join(folder, 'main.tf'), CONFIGURATION);
    writeFileSync(
      join(folder, 'cli.tfrc'),
      `provider_installation {\n  filesystem_mirror {\n    path = "${providerMirror}"\n  }\n}\n`,
    );
    for (const n of [1, 2]) writeFileSync(join(folder, `${n}.zip`), await packageNumber(n));
  });
  afterAll(async () => {
    await emulator.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function terraform(variables: Record<string, unknown>, ...args: string[]): Promise<number | null> {
    const shown = Object.entries(variables).map(([name, value]) => [
      `TF_VAR_${name}`,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]);
    const env = {
      TF_CLI_CONFIG_FILE: join(folder, 'cli.tfrc'),
      TF_VAR_endpoint: emulator.url,
      ...Object.fromEntries(shown),
    };
    const { status, stdout, stderr } = await run('terraform', [...args, '-no-color'], { cwd: folder, env });
    if (status !== 0 && status !== 2) throw new Error(`terraform ${args.join(' ')}: ${stdout}\n${stderr}`);
    return status;
  }

  async function applyAndAgree(variables: Record<string, unknown>) {
    await terraform(variables, 'apply', '-auto-approve', '-input=false', '-refresh=false');
    // 0: the plan is empty. 2: Terraform sees something that is not as it asked for.
    expect(await terraform(variables, 'plan', '-detailed-exitcode', '-input=false')).toBe(0);
  }

  test('create, publish, weigh 10 % and 50 %, promote and destroy, each followed by an empty plan', async () => {
    const first = { package: '1.zip', primary: '1', weights: {} };
    await terraform(first, 'init', '-input=false');
    await applyAndAgree(first);
    await applyAndAgree({ ...first, package: '2.zip', weights: { 2: 0.1 } });
    await applyAndAgree({ ...first, package: '2.zip', weights: { 2: 0.5 } });
    const promoted = { package: '2.zip', primary: '2', weights: {} };
    await applyAndAgree(promoted);
    await terraform(promoted, 'destroy', '-auto-approve', '-input=false', '-refresh=false');
  }, 600_000);
});
