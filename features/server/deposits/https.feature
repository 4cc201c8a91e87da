@server @deposits
Feature: Deposits are reached over HTTPS only

  @DEP-SEC-01 @DEP-SEC-02 @must
  Rule: calls over HTTPS work, and calls over plain HTTP fail

    Scenario: a deposit request over plain HTTP
      Given a deposit request that the server accepts
      When only it is sent over plain HTTP
      Then it fails and nothing is processed
      And how it fails is reported as AMB-24

    Scenario Outline: a <request> request over plain HTTP, in every state
      Given a <request> request that the server accepts
      When it is sent over plain HTTP in every state
      Then each fails, and none has an effect

      Examples:
        | request                       |
        | every signed deposits request |
        | every read-only request       |

  @DEP-SEC-01 @must
  Rule: the connection is a current one

    Scenario: TLS 1.2 or later
      Given a deposit request that the server accepts
      Then its connection was TLS 1.2 or later
