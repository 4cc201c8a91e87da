@server @cashouts
Feature: A server notifies the merchant of cashouts

  @CASH-SIG-03 @must
  Rule: a control string lets the merchant notice that a notification was changed on its way

    Scenario Outline: a cashout that is <status>
      When a cashout is <status>, and its notifications come to us
      Then every notification of it has a control string that fits
      And whether it has Payload-Signature is reported as AMB-32

      Examples:
        | status      |
        | delivered   |
        | completed   |
        | rejected    |
        | cancelled   |
        | put on hold |

    @observed
    Scenario: what else the notification of a cashout has
      When a cashout is cancelled, and its notifications come to us
      Then every notification of it is as the documents show one
