import type { Member, Operation } from './shape.js';

const functionName: Member = { in: 'uri', shape: 'FunctionName', required: true };
const namespaced: Member = { in: 'uri', shape: 'NamespacedFunctionName', required: true };
const qualifier: Member = { in: 'querystring', shape: 'NumericLatestPublishedOrAliasQualifier' };
const urlQualifier: Member = { in: 'querystring', shape: 'FunctionUrlQualifier' };
const marker: Member = { in: 'querystring', shape: 'String' };
const maxItems: Member = { in: 'querystring', shape: 'MaxListItems' };
const provisioned = '/2019-09-30/functions/{FunctionName}/provisioned-concurrency';
const eventInvoke = '/2019-09-25/functions/{FunctionName}/event-invoke-config';
const url = '/2021-10-31/functions/{FunctionName}/url';
const eventInvokeMembers: Record<string, Member> = {
  FunctionName: functionName,
  Qualifier: qualifier,
  MaximumRetryAttempts: { shape: 'MaximumRetryAttempts' },
  MaximumEventAgeInSeconds: { shape: 'MaximumEventAge' },
  DestinationConfig: { shape: 'DestinationConfig' },
};
const urlMembers: Record<string, Member> = {
  FunctionName: functionName,
  Qualifier: urlQualifier,
  AuthType: { shape: 'FunctionUrlAuthType' },
  Cors: { shape: 'Cors' },
  InvokeMode: { shape: 'InvokeMode' },
};

/** What a deployer meets beside the thirty core operations: provisioned concurrency, asynchronous settings, URLs, and reads. */
export const neighbourOperations: Record<string, Operation> = {
  GetFunctionConcurrency: {
    method: 'GET',
    path: '/2019-09-30/functions/{FunctionName}/concurrency',
    input: { FunctionName: functionName },
  },
  PutProvisionedConcurrencyConfig: {
    method: 'PUT',
    path: provisioned,
    input: {
      FunctionName: functionName,
      Qualifier: { ...qualifier, required: true },
      ProvisionedConcurrentExecutions: { shape: 'ProvisionedConcurrency', required: true },
    },
  },
  GetProvisionedConcurrencyConfig: {
    method: 'GET',
    path: provisioned,
    input: { FunctionName: functionName, Qualifier: qualifier, List: { in: 'querystring', shape: 'ListAll' } },
  },
  ListProvisionedConcurrencyConfigs: {
    method: 'GET',
    path: `${provisioned}?List=ALL`,
    input: { FunctionName: functionName, Marker: marker, MaxItems: maxItems },
  },
  DeleteProvisionedConcurrencyConfig: {
    method: 'DELETE',
    path: provisioned,
    input: { FunctionName: functionName, Qualifier: { ...qualifier, required: true } },
  },
  PutFunctionEventInvokeConfig: { method: 'PUT', path: eventInvoke, input: eventInvokeMembers },
  UpdateFunctionEventInvokeConfig: { method: 'POST', path: eventInvoke, input: eventInvokeMembers },
  GetFunctionEventInvokeConfig: {
    method: 'GET',
    path: eventInvoke,
    input: { FunctionName: functionName, Qualifier: qualifier },
  },
  DeleteFunctionEventInvokeConfig: {
    method: 'DELETE',
    path: eventInvoke,
    input: { FunctionName: functionName, Qualifier: qualifier },
  },
  ListFunctionEventInvokeConfigs: {
    method: 'GET',
    path: `${eventInvoke}/list`,
    input: { FunctionName: functionName, Marker: marker, MaxItems: maxItems },
  },
  CreateFunctionUrlConfig: {
    method: 'POST',
    path: url,
    input: { ...urlMembers, AuthType: { shape: 'FunctionUrlAuthType', required: true } },
  },
  UpdateFunctionUrlConfig: { method: 'PUT', path: url, input: urlMembers },
  GetFunctionUrlConfig: { method: 'GET', path: url, input: { FunctionName: functionName, Qualifier: urlQualifier } },
  DeleteFunctionUrlConfig: {
    method: 'DELETE',
    path: url,
    input: { FunctionName: functionName, Qualifier: urlQualifier },
  },
  ListFunctionUrlConfigs: {
    method: 'GET',
    path: '/2021-10-31/functions/{FunctionName}/urls',
    input: { FunctionName: functionName, Marker: marker, MaxItems: maxItems },
  },
  GetFunctionCodeSigningConfig: {
    method: 'GET',
    path: '/2020-06-30/functions/{FunctionName}/code-signing-config',
    input: { FunctionName: functionName },
  },
  GetRuntimeManagementConfig: {
    method: 'GET',
    path: '/2021-07-20/functions/{FunctionName}/runtime-management-config',
    input: { FunctionName: namespaced, Qualifier: qualifier },
  },
  GetFunctionRecursionConfig: {
    method: 'GET',
    path: '/2024-08-31/functions/{FunctionName}/recursion-config',
    input: { FunctionName: functionName },
  },
  PutFunctionRecursionConfig: {
    method: 'PUT',
    path: '/2024-08-31/functions/{FunctionName}/recursion-config',
    input: { FunctionName: functionName, RecursiveLoop: { shape: 'RecursiveLoop', required: true } },
  },
};
